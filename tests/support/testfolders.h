#pragma once

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

namespace argali::gui {

/// Folders of a test program, for each of its functions others; gone with this object.
class TestFolders final {
public:
    /// Of the function that is running; name: of one in it.
    QString operator()(const char* name = "") const
    {
        const QString path = m_dir.filePath(QString::fromLatin1(QTest::currentTestFunction()) +
                                            QLatin1Char('/') + QLatin1String(name));
        QDir().mkpath(path);
        return QDir(path).absolutePath();
    }

private:
    QTemporaryDir m_dir;
};

} // namespace argali::gui
