#include "gui/chat/transcriptactions.h"

#include <algorithm>

#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>

#include "gui/chat/pictureviewer.h"
#include "gui/widgets/adoptdialog.h"

namespace argali::gui {

const QString TranscriptActions::tryAgain = QStringLiteral("again");
const QString TranscriptActions::openModel = QStringLiteral("model");
const QString TranscriptActions::goOn = QStringLiteral("on");

TranscriptActions::TranscriptActions(TranscriptView& view, ConversationBook& book)
    : QObject(&view), m_view(view), m_book(book)
{
    connect(&view, &TranscriptView::copyRequested, this, [this](quint64 id) {
        if (const Turn* turn = m_book.current().find(id))
            QGuiApplication::clipboard()->setText(turn->answer.text);
    });
    connect(&view, &TranscriptView::copyQuestionRequested, this, [this](quint64 id) {
        if (const Turn* turn = m_book.current().find(id))
            QGuiApplication::clipboard()->setText(turn->question);
    });
    connect(&view, &TranscriptView::editRequested, this, &TranscriptActions::edit);
    connect(&view, &TranscriptView::pictureActivated, this, [this](quint64 id, int index) {
        if (!openFilm(id, index))
            openPicture(id, index);
    });
    connect(
        &view, &TranscriptView::regionActivated, this,
        [this](quint64 id, const TranscriptView::Region& region) { openPicture(id, 0, &region); });
}

PictureViewer* TranscriptActions::viewer() const
{
    return m_viewer;
}

void TranscriptActions::takeViewer(const TranscriptActions& old)
{
    m_viewer = old.m_viewer;
    if (m_viewer)
        adoptDialog(*m_viewer, m_view.window());
}

void TranscriptActions::edit(quint64 id)
{
    if (const Turn* turn = m_book.current().find(id))
        emit editing(id, turn->draft());
}

/// Whether it is a film; one that is gone says so in its place.
bool TranscriptActions::openFilm(quint64 id, int index)
{
    const Turn* turn = m_book.current().find(id);
    if (!turn || index < 0 || index >= turn->media.size() || !turn->media[index].isFilm())
        return false;
    const MediaFile& film = turn->media[index];
    if (QFileInfo(film.path).isFile())
        emit filmActivated(film);
    else
        m_view.setPictureNote(id, index,
                              tr("%1 is not there any more, or cannot be read.").arg(film.name()));
    return true;
}

void TranscriptActions::openPicture(quint64 id, int index, const TranscriptView::Region* region)
{
    // All pictures of the chat in their order; a place is in the last one up to its answer.
    QList<PictureViewer::Picture> pictures;
    qsizetype shown = -1;
    for (const Turn& turn : m_book.current().turns()) {
        for (qsizetype i = 0; i < turn.media.size(); ++i) {
            const MediaFile& file = turn.media[i];
            if (file.isFilm())
                continue;
            if (region ? turn.id <= id && (shown < 0 || i == 0) : turn.id == id && i == index)
                shown = pictures.size();
            pictures.append({file.path, file.name(), file.thumbnail});
        }
    }
    if (shown < 0)
        return;
    if (!m_viewer) {
        m_viewer = new PictureViewer(m_view.window());
        m_viewer->setAttribute(Qt::WA_DeleteOnClose);
    }
    m_viewer->setPictures(pictures, int(shown));
    m_viewer->setMark(region ? std::optional(region->area) : std::nullopt,
                      region ? region->name : QString());
    m_viewer->show();
    m_viewer->raise();
    m_viewer->activateWindow();
}

void TranscriptActions::show(const Turn& turn)
{
    QList<TranscriptView::Attachment> attachments;
    for (const MediaFile& file : turn.media)
        attachments.append({file.thumbnail, file.badge(), file.isFilm(), file.name()});
    m_view.addQuestion(turn.id, turn.question, attachments);
    m_view.beginAnswer(turn.id, {turn.answerer(), turn.source()}, turn.options.budget());
    const Answer& answer = turn.answer;
    if (!answer.thinking.isEmpty())
        m_view.appendThinking(turn.id, answer.thinking, answer.thinkingTokens);
    if (answer.thinkingDone)
        m_view.setThinkingDone(turn.id, answer.thinkingMs, answer.thinkingTokens,
                               answer.budgetReached);
    if (!answer.text.isEmpty())
        m_view.appendText(turn.id, answer.text);
    showBranch(turn.id);
}

void TranscriptActions::showBranch(quint64 turn)
{
    const std::vector<quint64> siblings = m_book.current().siblingsOf(turn);
    const auto place = std::find(siblings.begin(), siblings.end(), turn);
    if (place != siblings.end())
        m_view.setBranch(turn, int(place - siblings.begin()) + 1, int(siblings.size()));
}

void TranscriptActions::showEnd(const Turn& turn, bool modelIsOpen)
{
    const Answer& answer = turn.answer;
    if (answer.state == Answer::State::Failed) {
        QList<TranscriptView::Action> actions{{tryAgain, tr("Try again")}};
        const Error::Code code = answer.failure.code();
        if (code == Error::Code::Network && !answer.isBlank())
            actions.prepend({goOn, tr("Continue")});
        if (!modelIsOpen || code == Error::Code::OutOfMemory || code == Error::Code::BadModel)
            actions.append({openModel, tr("Open another model…")});
        m_view.failAnswer(turn.id, answer.failure.sentence(), answer.failure.details(), actions);
        return;
    }
    if (answer.thinkingDone && answer.budgetReached) // known only at the end
        m_view.setThinkingDone(turn.id, answer.thinkingMs, answer.thinkingTokens, true);
    QString statistics = answer.statistics();
    if (!statistics.isEmpty() && !turn.device.isEmpty())
        statistics += QStringLiteral(" · ") + turn.device;
    QStringList notes = answer.remarks;
    notes.prepend(answer.note(turn.options));
    notes.removeAll(QString());
    m_view.finishAnswer(turn.id, statistics, notes.join(QLatin1Char(' ')));
}

} // namespace argali::gui
