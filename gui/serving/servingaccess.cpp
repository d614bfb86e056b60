#include "gui/serving/servingaccess.h"

#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QVBoxLayout>

#include "gui/serving/serverprocess.h"
#include "gui/serving/servingkey.h"
#include "gui/serving/servingwords.h"
#include "gui/settings/settingspage.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/disclosure.h"

namespace argali::gui {

ServingAccess::ServingAccess(QWidget* parent)
    : QWidget(parent),
      m_url(new QLineEdit(this)),
      m_more(new Disclosure(tr("From a terminal"), this)),
      m_example(new QPlainTextEdit(m_more)),
      m_note(new QLabel(m_more)),
      m_copyUrl(new Button(Button::Kind::Outlined, {}, tr("Copy"), this)),
      m_copyExample(new Button(Button::Kind::Outlined, {}, tr("Copy"), m_more))
{
    auto* urlCaption = new QLabel(tr("Address to give to programs (base URL)"), this);
    urlCaption->setBuddy(m_url);
    m_url->setReadOnly(true);
    m_url->setProperty("field", true); // framed by the style sheet
    m_url->setAccessibleName(urlCaption->text());
    m_copyUrl->setAccessibleName(tr("Copy the address"));
    m_example->setReadOnly(true);
    m_example->setProperty("field", true); // framed by the style sheet
    m_example->setFrameShape(QFrame::NoFrame);
    m_example->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_example->setAccessibleName(tr("Example for a terminal"));
    m_example->setTabChangesFocus(true);
    m_example->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_copyExample->setAccessibleName(tr("Copy the example"));
    m_note->setTextFormat(Qt::PlainText);
    m_note->setFont(scaledFont(font(), 0.92));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    makeWrapping(m_note);
    auto* urlRow = new QHBoxLayout;
    urlRow->setSpacing(6);
    urlRow->addWidget(m_url, 1);
    urlRow->addWidget(m_copyUrl);
    auto* exampleRow = new QHBoxLayout;
    exampleRow->addWidget(m_note, 1);
    exampleRow->addWidget(m_copyExample);
    m_more->contentLayout()->setSpacing(6);
    m_more->contentLayout()->addWidget(m_example);
    m_more->contentLayout()->addLayout(exampleRow);
    m_more->setOpen(false);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(urlCaption);
    column->addLayout(urlRow);
    column->addWidget(m_more);
    connect(m_copyUrl, &Button::clicked, this, [this] { copyBy(m_copyUrl, m_url->text()); });
    connect(m_copyExample, &Button::clicked, this,
            [this] { copyBy(m_copyExample, m_example->toPlainText()); });
}

void ServingAccess::setServer(const ServerProcess& server)
{
    m_url->setText(servingUrl(server) + QStringLiteral("/v1"));
    m_example->setPlainText(servingExample(server));
    constexpr int frame = 28; // with the margins of the text
    m_example->setFixedHeight(m_example->fontMetrics().lineSpacing() * m_example->blockCount() +
                              frame + m_example->horizontalScrollBar()->sizeHint().height());
    const bool hasKey = !server.options().key.isEmpty();
    m_note->setText(hasKey ? tr("$ARGALI_API_KEY stands for the key.") : QString());
}

} // namespace argali::gui
