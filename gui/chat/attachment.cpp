#include "gui/chat/attachment.h"

#include <algorithm>
#include <cmath>

#include <QFileInfo>

#include "gui/displayname.h"

namespace argali::gui {

QString MediaFile::name() const
{
    return displayName(QFileInfo(path).fileName());
}

void MediaFile::takeFramesFrom(const MediaFile& other)
{
    frames = other.frames;
    firstFrame = other.firstFrame;
    lastFrame = other.lastFrame;
    chosen = other.chosen;
}

QString MediaFile::badge() const
{
    if (kind == Kind::Picture)
        return QStringLiteral("%1 × %2").arg(size.width()).arg(size.height());
    //: length of a film and how many frames it has, "00:08 · 240 frames"
    return tr("%1 · %Ln frame(s)", nullptr, int(std::min<qint64>(frameCount, 2'000'000'000)))
        .arg(timeText(duration));
}

QString timeText(double seconds, bool tenths)
{
    if (!std::isfinite(seconds) || seconds < 0)
        seconds = 0;
    seconds = std::min(seconds, 360'000'000.0);
    const qint64 tenth = std::llround(std::floor(seconds * 10));
    const qint64 whole = tenth / 10;
    QString text = QStringLiteral("%1:%2")
                       .arg(whole / 60 % 60, 2, 10, QLatin1Char('0'))
                       .arg(whole % 60, 2, 10, QLatin1Char('0'));
    if (whole >= 3600)
        text.prepend(QStringLiteral("%1:").arg(whole / 3600));
    if (tenths)
        text += QStringLiteral(".%1").arg(tenth % 10);
    return text;
}

} // namespace argali::gui
