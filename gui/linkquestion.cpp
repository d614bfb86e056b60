#include "gui/linkquestion.h"

#include <QCoreApplication>
#include <QDesktopServices>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QUrl>

namespace argali::gui {
namespace {

/// Translations of the sentences.
struct LinkQuestion {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::LinkQuestion)
};

} // namespace

void askToOpen(const QUrl& url, QWidget* window)
{
    if (url.scheme() != QLatin1String("https") && url.scheme() != QLatin1String("http") &&
        url.scheme() != QLatin1String("mailto"))
        return;
    auto* question = new QMessageBox(QMessageBox::NoIcon, LinkQuestion::tr("Open a link"),
                                     LinkQuestion::tr("Open this address in the web browser?"),
                                     QMessageBox::Cancel, window);
    question->setAttribute(Qt::WA_DeleteOnClose);
    question->setTextFormat(Qt::PlainText);
    QString address = url.toString(QUrl::FullyEncoded).left(2000);
    constexpr qsizetype breakable = 40; // a line ends in one that has no blanks, too
    for (qsizetype at = address.size() / breakable * breakable; at > 0; at -= breakable)
        address.insert(at, QChar(0x200B));
    question->setInformativeText(address);
    // "&lt;" in an address is no sign of markup either.
    for (QLabel* label : question->findChildren<QLabel*>())
        label->setTextFormat(Qt::PlainText);
    QPushButton* open = question->addButton(LinkQuestion::tr("Open"), QMessageBox::AcceptRole);
    QObject::connect(open, &QPushButton::clicked, question,
                     [url] { QDesktopServices::openUrl(url); });
    question->open();
}

} // namespace argali::gui
