#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include <QByteArray>
#include <QTemporaryDir>

#include "engine/error.h"

namespace argali::test {

/// What an action throws, as "CODE: message" with the code's number; "nothing" when it returns, and
/// "more than one line" for a message that is not fit for one.
template <typename Action> QByteArray thrown(Action action)
{
    try {
        action();
    } catch (const Error& error) {
        const QByteArray message = error.what();
        for (const char c : message)
            if ((c >= 0 && c < 32) || c == 127)
                return "more than one line: " + message;
        return QByteArray::number(static_cast<int>(error.code())) + ": " + message;
    }
    return "nothing";
}

/// Whether an action throws this code with a message that has all of these parts ("a|b") in it;
/// empty when so, what was thrown when not.
template <typename Action>
QByteArray throwsOtherwise(Action action, Error::Code code, const QByteArray& parts)
{
    const QByteArray found = thrown(action);
    if (!found.startsWith(QByteArray::number(static_cast<int>(code)) + ": "))
        return found;
    for (const QByteArray& part : parts.split('|'))
        if (!found.contains(part))
            return found;
    return {};
}

inline void writeFile(const QTemporaryDir& folder, const char* name, std::string_view content)
{
    std::ofstream file(folder.filePath(QString::fromUtf8(name)).toStdString(), std::ios::binary);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    if (!file.flush())
        qFatal("cannot write %s", name);
}

} // namespace argali::test
