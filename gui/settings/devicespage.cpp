#include "gui/settings/devicespage.h"

#include <utility>

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QRadioButton>
#include <QVBoxLayout>

#include "engine/log.h"
#include "gui/background.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"

namespace argali::gui {
namespace {

struct Found {
    std::vector<Device> devices;
    QString problem;
};

Found lookForDevices()
{
    try {
        return {listDevices(), QString::fromStdString(cardProblem())};
    } catch (const std::exception& e) { // engine exceptions end here
        log(LogLevel::Warning, std::string("the devices cannot be listed: ") + e.what());
        return {{}, QString::fromUtf8(e.what())};
    }
}

} // namespace

DevicesPage::DevicesPage(Settings& settings, QWidget* parent)
    : SettingsPage(parent), m_settings(settings)
{
    addHeading(tr("Models run on"));
    m_list = new QWidget(this);
    column()->addWidget(m_list);
    m_problem = addHint({});
    m_problem->hide();
    m_note = addText({});
    m_note->setForegroundRole(QPalette::Link);
    m_note->hide();
    m_reopen = new Button(Button::Kind::Outlined, QStringLiteral("reset"),
                          tr("Open the model again"), this);
    m_reopen->setToolTip(tr("Opens the model on the chosen device. An answer that is being written "
                            "is stopped."));
    auto* row = new QHBoxLayout;
    row->addWidget(m_reopen);
    row->addStretch(1);
    column()->addLayout(row);
    finish();
    connect(m_reopen, &Button::clicked, this, [this] {
        if (m_model)
            emit modelChosen(m_model->folder);
    });
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::device.key)
            showState();
    });
    showState();
}

void DevicesPage::showEvent(QShowEvent* event)
{
    SettingsPage::showEvent(event);
    inBackground(this, lookForDevices,
                 [this](const Found& found) { setDevices(found.devices, found.problem); });
}

QString DevicesPage::chosen() const
{
    const QString id = m_settings.value(settings::device);
    return id.isEmpty() ? QStringLiteral("auto") : id;
}

QString DevicesPage::detailsOf(const Device& device) const
{
    const QLocale locale;
    QStringList parts;
    if (device.memory > 0)
        //: memory of a device, in all and free
        parts << tr("%1 of memory, %2 free")
                     .arg(sizeText(device.memory), sizeText(device.freeMemory));
    if (device.threads > 0 && device.id == "cpu")
        parts << tr("%Ln thread(s)", nullptr, device.threads);
    if (!device.instructionSets.empty())
        parts << QString::fromStdString(device.instructionSets);
    return parts.join(QStringLiteral(" · "));
}

void DevicesPage::addChoice(QWidget* list, const QString& id, const QString& name,
                            const QString& details)
{
    auto* choice = new QRadioButton(list);
    QString text = name;
    choice->setText(text.replace(QLatin1Char('&'), QLatin1String("&&")));
    choice->setAccessibleDescription(details);
    m_group->addButton(choice, int(m_ids.size()));
    m_ids.append(id);
    list->layout()->addWidget(choice);
    if (details.isEmpty())
        return;
    auto* words = new QLabel(details, list);
    words->setTextFormat(Qt::PlainText);
    words->setFont(scaledFont(font(), 0.92));
    words->setForegroundRole(QPalette::PlaceholderText);
    words->setContentsMargins(24, 0, 0, 6);
    makeWrapping(words);
    list->layout()->addWidget(words);
}

void DevicesPage::setDevices(const std::vector<Device>& devices, const QString& problem)
{
    const bool hadFocus =
        m_group && m_group->checkedButton() && m_group->checkedButton()->hasFocus();
    auto* list = new QWidget(this);
    auto* rows = new QVBoxLayout(list);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(2);
    m_ids.clear();
    delete m_group;
    m_group = new QButtonGroup(this);
    addChoice(list, QStringLiteral("auto"), tr("Automatic"),
              tr("The card with most free memory, or the processor where there is none"));
    for (const Device& device : devices)
        addChoice(list, QString::fromStdString(device.id),
                  //: a device and its id, "NVIDIA H100 (cuda:0)"
                  device.id == "cpu" ? tr("Processor: %1").arg(QString::fromStdString(device.name))
                                     : tr("%1 (%2)").arg(QString::fromStdString(device.name),
                                                         QString::fromStdString(device.id)),
                  detailsOf(device));
    m_known = !devices.empty();
    if (!m_ids.contains(chosen()))
        addChoice(list, chosen(), tr("%1 (chosen before)").arg(chosen()), {});
    connect(m_group, &QButtonGroup::idClicked, this,
            [this](int index) { choose(m_ids.value(index)); });
    delete column()->replaceWidget(m_list, list);
    m_list->hide();
    m_list->deleteLater();
    m_list = list;
    list->show();
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    showState();
    if (hadFocus && m_group->checkedButton())
        m_group->checkedButton()->setFocus(Qt::OtherFocusReason);
}

QStringList DevicesPage::choices() const
{
    return m_ids;
}

void DevicesPage::choose(const QString& id)
{
    m_settings.set(settings::device, id == QLatin1String("auto") ? QString() : id);
}

QString DevicesPage::note() const
{
    return m_note->isHidden() ? QString() : m_note->text();
}

void DevicesPage::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_model = model;
    m_loading = loading;
    showState();
}

void DevicesPage::showState()
{
    if (m_group) {
        const qsizetype index = m_ids.indexOf(chosen());
        if (QAbstractButton* button = m_group->button(int(index)))
            button->setChecked(true);
    }
    const bool elsewhere = m_model && m_model->askedDevice != chosen();
    const bool missing = m_model && !elsewhere && !m_model->missingDevice.isEmpty();
    QString note;
    if (missing)
        note = tr("The device %1 is not here. The model runs on %2; models go there until the card "
                  "is back or you choose another one.")
                   .arg(m_model->missingDevice, m_model->device);
    else if (elsewhere)
        note = tr("The next model that is opened runs there. The one that is open now runs on %1.")
                   .arg(m_model->device);
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
    m_reopen->setVisible(elsewhere);
    m_reopen->setEnabled(!m_loading);
}

} // namespace argali::gui
