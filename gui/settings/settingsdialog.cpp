#include "gui/settings/settingsdialog.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QScrollArea>
#include <QStackedWidget>

#include "gui/settings/aboutpage.h"
#include "gui/settings/answerdefaultspage.h"
#include "gui/settings/devicespage.h"
#include "gui/settings/generalpage.h"
#include "gui/settings/modelspage.h"
#include "gui/settings/privacypage.h"
#include "gui/settings/serverspage.h"
#include "gui/widgets/hairline.h"

namespace argali::gui {

SettingsDialog::SettingsDialog(const WindowParts& parts, ModelLibrary& library, QWidget* parent)
    : QDialog(parent), m_list(new QListWidget(this)), m_stack(new QStackedWidget(this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Settings"));
    m_list->setProperty("pages", true); // drawn by the style sheet
    m_list->setAccessibleName(tr("Pages of the settings"));
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);

    addPage(QStringLiteral("general"), tr("General"), new GeneralPage(parts.settings, this));
    addPage(QStringLiteral("answers"), tr("Answers"), new AnswerDefaultsPage(parts.settings, this));
    m_models = new ModelsPage(parts.settings, library, this);
    addPage(QStringLiteral("models"), tr("Models"), m_models);
    addPage(QStringLiteral("servers"), tr("Servers"),
            new ServersPage(ServerBook::of(parts.settings), this));
    m_devices = new DevicesPage(parts.settings, this);
    addPage(QStringLiteral("devices"), tr("Devices"), m_devices);
    if (parts.eraser)
        addPage(QStringLiteral("privacy"), tr("Privacy"), new PrivacyPage(*parts.eraser, this));
    addPage(QStringLiteral("about"), tr("About"), new AboutPage(this));

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_list);
    row->addWidget(new Hairline(Qt::Vertical));
    row->addWidget(m_stack, 1);
    const int em = fontMetrics().height();
    m_list->setFixedWidth(std::max(m_list->sizeHintForColumn(0) + 40, 10 * em));
    resize(44 * em, 32 * em);
    setMinimumSize(28 * em, 16 * em);

    connect(m_list, &QListWidget::currentRowChanged, m_stack, &QStackedWidget::setCurrentIndex);
    connect(m_models, &ModelsPage::modelChosen, this, &SettingsDialog::modelChosen);
    connect(m_devices, &DevicesPage::modelChosen, this, &SettingsDialog::modelChosen);
    m_list->setCurrentRow(0);
    m_list->setFocus();
}

void SettingsDialog::addPage(const QString& name, const QString& title, QWidget* page)
{
    auto* item = new QListWidgetItem(title, m_list);
    item->setData(Qt::UserRole, name);
    auto* scroll = new QScrollArea(m_stack);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus); // what it holds has it
    scroll->setWidget(page);
    m_stack->addWidget(scroll);
}

QString SettingsDialog::page() const
{
    const QListWidgetItem* item = m_list->currentItem();
    return item ? item->data(Qt::UserRole).toString() : QString();
}

void SettingsDialog::showPage(const QString& page)
{
    const qsizetype index = pages().indexOf(page);
    if (index >= 0)
        m_list->setCurrentRow(int(index));
}

QStringList SettingsDialog::pages() const
{
    QStringList names;
    for (int i = 0; i < m_list->count(); ++i)
        names.append(m_list->item(i)->data(Qt::UserRole).toString());
    return names;
}

QWidget* SettingsDialog::pageWidget(const QString& page) const
{
    auto* scroll = qobject_cast<QScrollArea*>(m_stack->widget(int(pages().indexOf(page))));
    return scroll ? scroll->widget() : nullptr;
}

void SettingsDialog::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_models->setModel(model);
    m_devices->setModel(model, loading);
}

} // namespace argali::gui
