#pragma once

#include <QSet>
#include <QString>

namespace argali::gui {

/// A name for a file that is safe in every file system and in a link: no separators, no control
/// characters, no leading dot, no name of a device, and at most 120 bytes before its ending.
/// other: what it is called when nothing is left
QString safeName(const QString& wanted, const QString& other);

/// Names in one folder, of which no two are the same, whatever their case.
class UniqueNames final {
public:
    /// The name, or with a number before its ending when it was given before.
    QString take(const QString& name);

private:
    QSet<QString> m_taken;
};

/// A path that nothing has yet: this one, or with a number before its ending.
QString freePath(const QString& path);

} // namespace argali::gui
