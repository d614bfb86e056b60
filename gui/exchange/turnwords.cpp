#include "gui/exchange/turnwords.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QStringList>

#include "gui/film/keyframeset.h"

namespace argali::gui {
namespace {

struct PlaceWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::TurnWords)
};

} // namespace

QString dateWords(qint64 time)
{
    return QLocale().toString(QDateTime::fromMSecsSinceEpoch(time), QLocale::ShortFormat);
}

QString answerWords(const Turn& turn)
{
    QStringList parts{turn.answerer(), turn.answer.statistics(), turn.device};
    parts.removeAll(QString());
    return parts.join(QStringLiteral(" · "));
}

QString endWords(const Turn& turn)
{
    if (turn.answer.state == Answer::State::Failed)
        return turn.answer.failure.sentence();
    return turn.answer.isRunning() ? PlaceWords::tr("The answer was still being written.")
                                   : turn.answer.note(turn.options);
}

QString thinkingWords(const Answer& answer)
{
    return answer.thinkingTokens > 0
               ? PlaceWords::tr("Thinking · %Ln token(s)", nullptr, answer.thinkingTokens)
               : PlaceWords::tr("Thinking");
}

QString frameWords(const MediaFile& film)
{
    if (!film.isFilm() || film.frameCount <= 0)
        return {};
    QStringList times;
    for (const double seconds : KeyFrameSet::of(film).times())
        times.append(timeText(seconds, true));
    //: %1 is a list of times, "00:00.0, 00:01.5"
    return PlaceWords::tr("Frames at %1").arg(times.join(QStringLiteral(", ")));
}

QStringList modelsOf(const std::vector<Turn>& turns)
{
    QStringList models;
    for (const Turn& turn : turns) {
        const QString model = turn.answerer();
        if (!model.isEmpty() && !models.contains(model) && models.size() < 20)
            models.append(model);
    }
    return models;
}

QString missingWords(const QString& name)
{
    return PlaceWords::tr("%1 was not there any more when this was exported.").arg(name);
}

QString branchWords()
{
    return PlaceWords::tr("Other versions of questions and answers are not in this file.");
}

} // namespace argali::gui
