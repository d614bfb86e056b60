#include "gui/settings/settingspage.h"

#include <QDesktopServices>
#include <QDir>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QUrl>
#include <QVBoxLayout>

#include "gui/theme.h"
#include "gui/widgets/button.h"

namespace argali::gui {

SettingsPage::SettingsPage(QWidget* parent) : QWidget(parent), m_column(new QVBoxLayout(this))
{
    m_column->setContentsMargins(22, 18, 22, 18);
    m_column->setSpacing(10);
}

void SettingsPage::addHeading(const QString& text)
{
    auto* label = new QLabel(text, this);
    label->setTextFormat(Qt::PlainText);
    label->setFont(scaledFont(font(), 1.08, QFont::DemiBold));
    makeWrapping(label);
    if (m_column->count() > 0)
        m_column->addSpacing(12);
    m_column->addWidget(label);
}

QLabel* SettingsPage::addText(const QString& text)
{
    auto* label = new QLabel(text, this);
    label->setTextFormat(Qt::PlainText);
    makeWrapping(label);
    m_column->addWidget(label);
    return label;
}

QLabel* SettingsPage::addHint(const QString& text)
{
    QLabel* label = addText(text);
    label->setFont(scaledFont(font(), 0.92));
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

void SettingsPage::addRow(const QString& caption, QWidget* control)
{
    auto* label = new QLabel(caption, this);
    label->setTextFormat(Qt::PlainText);
    makeWrapping(label);
    label->setBuddy(control);
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    row->addWidget(label, 1);
    row->addWidget(control);
    m_column->addLayout(row);
}

void SettingsPage::addSpace()
{
    m_column->addSpacing(8);
}

void SettingsPage::finish()
{
    m_column->addStretch(1);
}

void makeWrapping(QLabel* label)
{
    label->setWordWrap(true);
    label->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Minimum);
}

QLineEdit* pathField(const QString& path, const QString& accessibleName, QWidget* parent)
{
    auto* field = new QLineEdit(QDir::toNativeSeparators(path), parent);
    field->setReadOnly(true);
    field->setProperty("field", true); // framed by the style sheet
    field->setCursorPosition(0);
    field->setAccessibleName(accessibleName);
    field->setToolTip(QStringLiteral("<span>%1</span>").arg(path.toHtmlEscaped()));
    field->setFont(scaledFont(parent->font(), 0.92));
    return field;
}

Button* openFolderButton(const QString& folder, const QString& accessibleName, QWidget* parent)
{
    auto* button = new Button(Button::Kind::Ghost, QStringLiteral("folder"), {}, parent);
    button->setAccessibleName(accessibleName);
    button->setToolTip(accessibleName);
    QObject::connect(button, &Button::clicked, button,
                     [folder] { QDesktopServices::openUrl(QUrl::fromLocalFile(folder)); });
    return button;
}

QString sizeText(qint64 bytes)
{
    return QLocale().formattedDataSize(bytes, bytes < 1000 ? 0 : 1, QLocale::DataSizeSIFormat);
}

} // namespace argali::gui
