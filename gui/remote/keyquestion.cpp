#include "gui/remote/keyquestion.h"

#include <QCoreApplication>
#include <QInputDialog>

#include "gui/displayname.h"
#include "gui/remote/serverbook.h"

namespace argali::gui {
namespace {

/// Translations of the dialog.
struct KeyQuestion {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::KeyQuestion)
};

} // namespace

QInputDialog* askForKey(ServerBook& servers, const QString& profile, QWidget* parent)
{
    const ServerConnection* connection = servers.find(profile);
    if (!connection)
        return nullptr;
    auto* dialog = new QInputDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(KeyQuestion::tr("Key of a server"));
    dialog->setLabelText(KeyQuestion::tr("%1 wants a key, and none is known here.")
                             .arg(displayName(connection->profile().shownName())));
    dialog->setInputMode(QInputDialog::TextInput);
    dialog->setTextEchoMode(QLineEdit::Password);
    QObject::connect(dialog, &QInputDialog::textValueSelected, &servers,
                     [&servers, profile](const QString& key) {
                         if (!key.trimmed().isEmpty())
                             servers.setKey(profile, remote::Secret(key.trimmed().toStdString()),
                                            &servers, [](bool) {});
                     });
    dialog->open();
    return dialog;
}

} // namespace argali::gui
