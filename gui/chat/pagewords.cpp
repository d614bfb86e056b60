#include "gui/chat/pagewords.h"

#include "gui/chat/transcriptview.h"

namespace argali::gui {

QJsonObject pageWords()
{
    return {{QLatin1String("copy"), TranscriptView::tr("Copy the answer")},
            {QLatin1String("copyQuestion"), TranscriptView::tr("Copy the question")},
            {QLatin1String("edit"), TranscriptView::tr("Edit and ask again")},
            {QLatin1String("regenerate"), TranscriptView::tr("Answer again")},
            {QLatin1String("delete"), TranscriptView::tr("Delete question and answer")},
            {QLatin1String("branchBack"), TranscriptView::tr("Earlier version")},
            {QLatin1String("branchNext"), TranscriptView::tr("Later version")},
            {QLatin1String("tools"), TranscriptView::tr("What to do with this message")},
            {QLatin1String("openPicture"), TranscriptView::tr("Open the picture")},
            {QLatin1String("openFilm"), TranscriptView::tr("Open the film")},
            {QLatin1String("toTime"), TranscriptView::tr("Show this moment of the film")},
            {QLatin1String("showPlace"), TranscriptView::tr("Show this place in the picture")},
            {QLatin1String("copyCode"), TranscriptView::tr("Copy the code")},
            {QLatin1String("answerNow"), TranscriptView::tr("Answer now")},
            {QLatin1String("toEnd"), TranscriptView::tr("To the end")},
            {QLatin1String("details"), TranscriptView::tr("Details")},
            {QLatin1String("picture"), TranscriptView::tr("Picture")},
            {QLatin1String("question"), TranscriptView::tr("Your question")},
            {QLatin1String("answer"), TranscriptView::tr("Answer")},
            {QLatin1String("done"), TranscriptView::tr("done")},
            {QLatin1String("notDone"), TranscriptView::tr("not done")},
            {QLatin1String("thinking"), TranscriptView::tr("Show or hide the thinking")},
            {QLatin1String("copied"), TranscriptView::tr("Copied")}};
}

} // namespace argali::gui
