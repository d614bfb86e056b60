#pragma once

#include <QFile>
#include <QString>

namespace argali::gui {

enum class Links { Follow, Refuse };

/// Opens a file for reading. Pipes, devices and folders are refused, and never waited for.
/// Returns false when it cannot be opened.
bool openRegular(QFile& file, const QString& path, Links links);

} // namespace argali::gui
