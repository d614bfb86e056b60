#include "gui/chat/composerrules.h"

#include <QCoreApplication>

namespace argali::gui {
namespace {

/// Translations of the sentences.
struct ComposerRules {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::ComposerRules)
};

QString objection(bool film, const EarlierMedia& before, const EarlierMedia& here,
                  const std::optional<LoadedModel>& model)
{
    if (model && !(film ? model->info.seesFilms : model->info.seesPictures))
        return film ? ComposerRules::tr("%1 does not take films. Remove it or open another model.")
                          .arg(model->name())
                    : ComposerRules::tr(
                          "%1 does not take pictures. Remove it or open another model.")
                          .arg(model->name());
    const bool mixes = model && model->info.mixesPicturesAndFilms;
    const int mostFilms = model ? model->info.filmsAtMost : 1;
    if (!mixes && (film ? here.pictures : here.films) > 0)
        return ComposerRules::tr(
            "A message takes pictures or one film, not both. Remove one kind.");
    if (!mixes && film && before.pictures > 0)
        return ComposerRules::tr("This chat is about pictures, and the model takes pictures or a "
                                 "film in one chat, not both. Start a new chat for the film.");
    if (!mixes && !film && before.films > 0)
        return ComposerRules::tr(
            "This chat is about a film, and the model takes pictures or a film "
            "in one chat, not both. Start a new chat for the picture.");
    if (film && here.films >= mostFilms)
        return ComposerRules::tr("A message takes one film. Remove one of them.");
    if (film && before.films + here.films >= mostFilms)
        return ComposerRules::tr("This chat has a film already, and the model takes one. Ask on "
                                 "about it without attaching one, or start a new chat.");
    return {};
}

} // namespace

void judge(QList<ComposerEntry>& entries, const std::optional<LoadedModel>& model,
           const EarlierMedia& earlier)
{
    EarlierMedia here;
    for (ComposerEntry& entry : entries) {
        if (entry.state != ComposerEntry::State::Ready)
            continue;
        const bool film = entry.file.isFilm();
        entry.problem = objection(film, earlier, here, model);
        if (entry.problem.isEmpty())
            ++(film ? here.films : here.pictures);
    }
}

QString switchWarning(const QList<ComposerEntry>& entries, const LoadedModel& model,
                      const EarlierMedia& earlier)
{
    const QString name = model.name();
    const ModelInfo& info = model.info;
    for (const ComposerEntry& entry : entries) {
        if (entry.state != ComposerEntry::State::Ready || entry.problem.isEmpty() ||
            entry.framesBroken)
            continue;
        if (entry.file.isFilm())
            return ComposerRules::tr("%1 cannot take the film that is attached. It stays here: "
                                     "remove it, or go back to another model.")
                .arg(name);
        return ComposerRules::tr("%1 cannot take what is attached. It stays here: remove it, or go "
                                 "back to another model.")
            .arg(name);
    }
    if (earlier.pictures > 0 && !info.seesPictures)
        return ComposerRules::tr("This chat has pictures, and %1 does not take any. Go back to the "
                                 "model before, or start a new chat.")
            .arg(name);
    if (earlier.films > 0 && !info.seesFilms)
        return ComposerRules::tr("This chat has a film, and %1 does not take any. Go back to the "
                                 "model before, or start a new chat.")
            .arg(name);
    if (earlier.films > info.filmsAtMost)
        return ComposerRules::tr("This chat has more films than %1 takes in one chat. Go back to "
                                 "the model before, or start a new chat.")
            .arg(name);
    if (earlier.films > 0 && earlier.pictures > 0 && !info.mixesPicturesAndFilms)
        return ComposerRules::tr("This chat has pictures and a film, and %1 takes one kind in a "
                                 "chat. Go back to the model before, or start a new chat.")
            .arg(name);
    return {};
}

} // namespace argali::gui
