#include "gui/shotstates.h"

#include <QDir>
#include <QFile>
#include <QLineEdit>
#include <QMenu>

#include "gui/settings/devicespage.h"
#include "gui/settings/presetrow.h"
#include "gui/settings/privacypage.h"
#include "gui/settings/samplingpanel.h"
#include "gui/settings/serverform.h"
#include "gui/settings/serverspage.h"
#include "gui/settings/settingsdialog.h"
#include "gui/widgets/button.h"

namespace argali::gui {
namespace {

void open(Stage& s, const char* page)
{
    s.window->showModel(s.pocket());
    s.window->openSettings(QLatin1String(page));
}

void putModel(const QString& folder, qint64 bytes)
{
    QDir().mkpath(folder);
    QFile config(folder + QStringLiteral("/config.json"));
    if (config.open(QIODevice::WriteOnly))
        config.write("{\"model_type\": \"ovis2_5\"}");
    QFile weights(folder + QStringLiteral("/model.safetensors"));
    if (weights.open(QIODevice::WriteOnly))
        weights.resize(bytes); // takes no room
}

void showModels(Stage& s)
{
    const QString folder = QFileInfo(s.places.draftFile).absolutePath() + QStringLiteral("/models");
    putModel(folder + QStringLiteral("/Ovis2.5-2B"), 5'140'000'000);
    putModel(folder + QStringLiteral("/Ovis2.5-9B"), 18'400'000'000);
    s.settings.set(settings::library, folder);
    s.settings.set(settings::recentModels, QStringList{folder + QStringLiteral("/Ovis2.5-2B"),
                                                       QStringLiteral("/media/disk/Ovis2.5-9B")});
    open(s, "models");
}

void showDevices(Stage& s)
{
    Device processor;
    processor.id = "cpu";
    processor.name = "Intel(R) Xeon(R) Platinum 8468";
    processor.instructionSets = "avx512-bf16, avx512, avx2, scalar";
    processor.threads = 16;
    processor.memory = 128'000'000'000;
    processor.freeMemory = 96'000'000'000;
    Device card;
    card.id = "cuda:0";
    card.name = "NVIDIA H100 80GB HBM3";
    card.memory = 84'900'000'000;
    card.freeMemory = 79'200'000'000;
    open(s, "devices");
    auto* page = qobject_cast<DevicesPage*>(
        s.window->settingsDialog()->pageWidget(QStringLiteral("devices")));
    LoadedModel model = s.pocket();
    model.askedDevice = QStringLiteral("cpu");
    model.device = QString::fromStdString(processor.name);
    QTimer::singleShot(700, page, [=, &s] { // after the real ones
        s.settings.set(settings::device, QStringLiteral("cuda:0"));
        page->setDevices({processor, card}, {});
        page->setModel(model, false);
    });
}

void showServers(Stage& s)
{
    ConnectionProfile rack;
    rack.id = QStringLiteral("rack");
    rack.name = s.text("The rack", "机房");
    rack.url = pictureServer(
        &s.settings,
        R"({"data":[{"id":"AIDC-AI/Ovis2.5-9B","owned_by":"vllm"}],"version":"0.11.0"})");
    rack.hasKey = true;
    s.keys.write(rack.id, remote::Secret("shown to nobody"), &s.settings, [](const auto&) {});
    ConnectionProfile desk;
    desk.id = QStringLiteral("desk");
    desk.name = QStringLiteral("Ollama");
    desk.url = QStringLiteral("http://127.0.0.1:1"); // where nothing listens
    s.servers.store().put(rack);
    s.servers.store().put(desk);
    open(s, "servers");
    auto* page = qobject_cast<ServersPage*>(
        s.window->settingsDialog()->pageWidget(QStringLiteral("servers")));
    page->edit(rack.id);
    page->form()->test();
}

void askToClear(Stage& s)
{
    open(s, "privacy");
    auto* page = qobject_cast<PrivacyPage*>(
        s.window->settingsDialog()->pageWidget(QStringLiteral("privacy")));
    page->ask(DataEraser::What::Chats);
}

/// A name for what the chat answers by, half typed in the Answer panel.
void namePreset(Stage& s)
{
    s.window->showModel(s.pocket());
    AnswerOptions options = AnswerOptions::builtIn();
    options.thinking = true;
    options.systemPrompt = s.text("Answer in one sentence.", "用一句话回答。");
    PresetRow* row = s.window->panel()->presets();
    PresetStore::of(s.settings).put(s.text("Brief", "简短"), options);
    s.window->chat()->options().set(options);
    emit row->menu()->aboutToShow();
    for (QAction* action : row->menu()->actions()) {
        if (action->text() == PresetRow::tr("Save as a preset…"))
            action->trigger();
    }
    row->nameField()->setText(s.text("Brief", "简短"));
    row->accept()->click(); // there is one of that name
}

} // namespace

std::vector<Shot> settingsShots()
{
    return {
        {"settings-general", 900, [](Stage& s) { open(s, "general"); }, true},
        {"settings-answers", 900, [](Stage& s) { open(s, "answers"); }},
        {"settings-models", 1500, showModels, true},
        {"settings-servers", 1500, showServers, true},
        {"settings-devices", 1500, showDevices, true},
        {"settings-privacy", 1500, [](Stage& s) { open(s, "privacy"); }, true},
        {"settings-clear", 1500, askToClear},
        {"settings-about", 900, [](Stage& s) { open(s, "about"); }},
        {"preset-name", 900, namePreset},
    };
}

} // namespace argali::gui
