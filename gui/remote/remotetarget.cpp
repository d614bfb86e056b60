#include "gui/remote/remotetarget.h"

#include "gui/displayname.h"

namespace argali::gui {

QString deviceOf(const RemoteTarget& target)
{
    if (target.dialect == remote::Dialect::Plain)
        return displayName(target.server);
    return QStringLiteral("%1 · %2").arg(QString::fromLatin1(nameOf(target.dialect)),
                                         displayName(target.server));
}

} // namespace argali::gui
