#include "gui/serving/servingkey.h"

#include <chrono>

#include <QClipboard>
#include <QCoreApplication>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QTimer>
#include <QVBoxLayout>

#include "gui/serving/servingwords.h"
#include "gui/settings/settingspage.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"

namespace argali::gui {
namespace {

constexpr auto copiedTime = std::chrono::milliseconds(1500);

} // namespace

ServingKey::ServingKey(QWidget* parent)
    : QWidget(parent),
      m_field(new QLineEdit(newServingKey(), this)),
      m_show(new Button(Button::Kind::Ghost, QStringLiteral("eye"), {}, this)),
      m_new(new Button(Button::Kind::Ghost, QStringLiteral("reset"), {}, this)),
      m_copy(new Button(Button::Kind::Outlined, {}, tr("Copy"), this)),
      m_note(new QLabel(this))
{
    m_field->setProperty("field", true); // framed by the style sheet
    m_field->setEchoMode(QLineEdit::Password);
    m_field->setAccessibleName(tr("Key"));
    m_field->setCursorPosition(0);
    m_show->setCheckable(true);
    m_show->setAccessibleName(tr("Show the key"));
    m_show->setToolTip(tr("Show the key"));
    m_new->setAccessibleName(tr("Make a new key"));
    m_new->setToolTip(tr("Make a new key"));
    m_copy->setAccessibleName(tr("Copy the key"));
    m_note->setTextFormat(Qt::PlainText);
    m_note->setFont(scaledFont(font(), 0.92));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    makeWrapping(m_note);
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(m_field, 1);
    row->addWidget(m_show);
    row->addWidget(m_new);
    row->addWidget(m_copy);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(row);
    column->addWidget(m_note);
    connect(m_field, &QLineEdit::textChanged, this, [this] {
        showNote();
        emit changed();
    });
    connect(m_show, &Button::toggled, this, [this](bool shown) {
        m_field->setEchoMode(shown ? QLineEdit::Normal : QLineEdit::Password);
    });
    connect(m_new, &Button::clicked, this, [this] { setKey(newServingKey()); });
    connect(m_copy, &Button::clicked, this, [this] { copyBy(m_copy, key()); });
    showNote();
}

QString ServingKey::key() const
{
    return m_field->text();
}

void ServingKey::setKey(const QString& key)
{
    m_field->setText(key);
    m_field->setCursorPosition(0);
}

QString ServingKey::trouble() const
{
    return servingKeyTrouble(key());
}

void ServingKey::setFixed(bool fixed)
{
    m_field->setReadOnly(fixed);
    m_new->setEnabled(!fixed);
}

void ServingKey::takeOver(const ServingKey& old)
{
    setKey(old.key());
    m_show->setChecked(old.m_show->isChecked());
}

void ServingKey::showNote()
{
    const QString words = trouble();
    QPalette colours;
    if (!words.isEmpty())
        colours.setColor(QPalette::PlaceholderText, Theme::of(palette()).bad);
    m_note->setPalette(colours);
    m_note->setText(words.isEmpty() ? tr("It is kept in memory only, until Argali ends.") : words);
}

QString ServingKey::note() const
{
    return m_note->text();
}

void copyBy(Button* button, const QString& text)
{
    QGuiApplication::clipboard()->setText(text);
    button->setText(ServingKey::tr("Copied"));
    QTimer::singleShot(copiedTime, button, [button] { button->setText(ServingKey::tr("Copy")); });
}

} // namespace argali::gui
