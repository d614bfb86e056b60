#include "gui/shotstates.h"

#include <QMenu>

#include "gui/models/adaptercontrol.h"
#include "gui/models/alphaquestion.h"
#include "gui/models/modelchooser.h"
#include "gui/settings/picturefields.h"
#include "gui/settings/samplingpanel.h"
#include "gui/widgets/valueslider.h"

namespace argali::gui {
namespace {

LoadedModel internvl(const Stage& s)
{
    LoadedModel model = s.large();
    model.folder = QStringLiteral("/models/InternVL2-2B");
    model.info.family = "internvl2";
    model.info.name = "InternVL2-2B";
    model.info.parameters = 2'206'000'000;
    model.info.thinks = false;
    model.info.maxTiles = 12;
    model.tileTokens = 256;
    model.context = 32'768;
    const auto adapter = [](const char* name) {
        return KnownAdapter{QLatin1String(name),
                            QStringLiteral("/adapters/") + QLatin1String(name)};
    };
    model.adapters = {
        {adapter("invoices-lora")},
        {adapter("checkpoint-2000")},
        {adapter("birds"), Failure(Error::Code::Missing, QStringLiteral("/adapters"))}};
    return model;
}

LoadedModel llava(const Stage& s)
{
    LoadedModel model = internvl(s);
    model.folder = QStringLiteral("/models/llava-1.5-7b");
    model.info.family = "llava_1_5";
    model.info.name = "llava-1.5-7b";
    model.info.maxTiles = 0;
    model.info.aspectRatios = {"pad", "crop"};
    model.info.templates = {"v1", "llama_2", "plain"};
    model.adapters.clear();
    return model;
}

void open(Stage& s, const LoadedModel& model)
{
    s.source.setCost(1536, 1610, model.context);
    s.window->showModel(model);
    s.adapters.setModel(model);
}

/// The part of the panel that is about pictures, in the middle of it.
void scrollToPictures(Stage& s)
{
    s.window->panel()->ensureWidgetVisible(s.window->panel()->form()->pictures(), 0, 200);
}

void openMenu(Stage& s)
{
    open(s, internvl(s));
    ChatOptions& options = s.window->chat()->options();
    options.setAdapter(options.chat(), QStringLiteral("invoices-lora"));
    QTimer::singleShot(300, s.window.get(), [&s] {
        s.window->chooser()->showMenu();
        const QMenu* models = s.window->chooser()->menu();
        QMenu* menu = s.window->adapters()->menu();
        menu->popup(models->mapToGlobal(models->actionGeometry(menu->menuAction()).topRight() +
                                        QPoint(2, 0)));
    });
}

void chooseTiles(Stage& s)
{
    LoadedModel model = internvl(s);
    model.sampling = Sampling{true, 0.8F, 50, 0.9F, 0, 1.05F, {}};
    open(s, model);
    s.composer().attach(s.sample("chart.png"));
    s.composer().edit()->setPlainText(s.text("What does it say?", "上面写着什么？"));
    QTimer::singleShot(600, s.window.get(), [&s] {
        s.window->panel()->form()->pictures()->tiles()->setValue(5);
        scrollToPictures(s);
    });
}

void chooseSquare(Stage& s)
{
    open(s, llava(s));
    QTimer::singleShot(300, s.window.get(), [&s] { scrollToPictures(s); });
}

void askForAlphas(Stage& s)
{
    open(s, internvl(s));
    QTimer::singleShot(300, s.window.get(), [&s] {
        s.window->adapters()->add(QStringLiteral("/adapters/iter_2000.pth"));
    });
}

} // namespace

std::vector<Shot> modelShots()
{
    return {{"adapter-menu", 900, openMenu, true},
            {"adapter-alphas", 900, askForAlphas},
            {"tiles", 1800, chooseTiles},
            {"square-pictures", 900, chooseSquare}};
}

} // namespace argali::gui
