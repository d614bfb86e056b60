#include "gui/chat/chatwidget.h"

#include <utility>

#include <QHBoxLayout>
#include <QLineEdit>
#include <QLocale>
#include <QShortcut>
#include <QUrl>
#include <QVBoxLayout>

#include "gui/chat/composeredit.h"
#include "gui/chat/emptystate.h"
#include "gui/chat/findbar.h"
#include "gui/chat/pointedmedia.h"
#include "gui/chat/questioncost.h"
#include "gui/chat/replysource.h"
#include "gui/chat/seenpicture.h"
#include "gui/chat/transcriptactions.h"
#include "gui/chat/transcriptpane.h"
#include "gui/chat/transcriptview.h"
#include "gui/chat/turncontroller.h"
#include "gui/displayname.h"
#include "gui/film/regioncard.h"
#include "gui/shortcuts.h"
#include "gui/widgets/adoptdialog.h"

namespace argali::gui {
namespace {

constexpr int composerWidth = 820; // with its shadow; 40 wider than the transcript's column

} // namespace

ChatWidget::ChatWidget(Settings& settings, MediaLoader& loader, ReplySource& source,
                       ConversationBook& book, TurnController& turns, const QList<Sample>& samples,
                       QWidget* parent)
    : QWidget(parent),
      m_source(source),
      m_book(book),
      m_turns(turns),
      m_options(settings, book),
      m_find(new FindBar(this)),
      m_pane(new TranscriptPane(settings, loader, book, turns, samples, this)),
      m_composer(new Composer(settings, loader, this)),
      m_earlier(*m_composer),
      m_cost(new QuestionCost(settings, source, book, turns, m_options, *m_composer, this)),
      m_media(new PointedMedia(book, *m_composer, m_pane)) // over the transcript, not the composer
{
    layOut();
    connectComposer();
    connectBook();
    connectTurns();
    connectTranscript();
    m_pane->showChat();
    showThinking();
}

void ChatWidget::layOut()
{
    auto* foot = new QWidget(this);
    foot->setMaximumWidth(composerWidth);
    auto* footColumn = new QVBoxLayout(foot);
    footColumn->setContentsMargins(0, 0, 0, 0);
    footColumn->setSpacing(0);
    footColumn->addWidget(m_composer);
    footColumn->addWidget(m_cost);
    auto* footRow = new QHBoxLayout; // centred, and no wider than the transcript's column needs
    footRow->setContentsMargins(8, 0, 8, 0);
    footRow->addStretch(1);
    footRow->addWidget(foot, 1000);
    footRow->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_find);
    column->addWidget(m_pane, 1);
    column->addLayout(footRow);
}

void ChatWidget::connectComposer()
{
    connect(m_composer, &Composer::changed, this, [this] {
        if (!m_loading)
            sendWhatWaited();
    });
    connect(m_composer->edit(), &ComposerEdit::textChanged, this, [this] {
        if (m_sendWhenReady) // who goes on writing is not done
            stop();
    });
    connect(&m_options, &ChatOptions::changed, this, &ChatWidget::showThinking);
    connect(m_composer, &Composer::thinkingChosen, this, [this](bool on) {
        AnswerOptions options = m_options.current();
        options.thinking = on;
        m_options.set(options);
    });
    connect(m_composer, &Composer::sendRequested, this, &ChatWidget::send);
    connect(m_composer, &Composer::stopRequested, this, [this] { stop(); });
    connect(m_composer, &Composer::previewRequested, m_media, &PointedMedia::openPreview);
    EmptyState* empty = m_pane->emptyState();
    connect(empty, &EmptyState::sampleChosen, this, &ChatWidget::ask);
    connect(empty, &EmptyState::dropped, this,
            [this](const QMimeData& mime) { m_composer->take(mime); });
    connect(empty, &EmptyState::filesRequested, m_composer, &Composer::chooseFilesOf);
    connect(empty, &EmptyState::modelRequested, this, &ChatWidget::modelRequested);
}

void ChatWidget::connectBook()
{
    connect(&m_book, &ConversationBook::aboutToSwitch, this,
            [this] { m_book.current().draft = unsent(); });
    connect(&m_book, &ConversationBook::switched, this, [this] {
        m_sendWhenReady = false;
        m_warning.clear();
        m_earlier.forget();
        m_find->close();
        m_media->regionCard()->hide();
        m_pane->showChat();
        tellEarlier();
        m_composer->setDraft(m_book.current().draft);
        m_composer->focusText();
    });
}

void ChatWidget::connectTurns()
{
    connect(&m_turns, &TurnController::started, this, [this] {
        tellEarlier();
        m_composer->setBusy(true);
    });
    connect(&m_turns, &TurnController::resumed, this, [this] { m_composer->setBusy(true); });
    connect(&m_turns, &TurnController::removed, this, &ChatWidget::tellEarlier);
    connect(&m_turns, &TurnController::shown, this, &ChatWidget::tellEarlier);
    connect(&m_turns, &TurnController::finished, this, [this] {
        tellEarlier();
        m_composer->setBusy(m_turns.isBusy());
    });
    connect(&m_turns, &TurnController::failed, this, [this](quint64 id, const Draft& draft) {
        tellEarlier();
        m_composer->setBusy(m_turns.isBusy());
        giveBack(id, draft);
    });
}

void ChatWidget::connectTranscript()
{
    auto* findShortcut = new QShortcut(this);
    Shortcuts::give(*findShortcut, Shortcut::Find);
    connect(findShortcut, &QShortcut::activated, this, &ChatWidget::openFind);
    connect(m_find, &FindBar::searchRequested, this, [this](const QString& text, bool backward) {
        if (transcript())
            transcript()->findText(text, backward);
    });
    connect(m_find, &FindBar::closed, this, [this] { m_composer->focusText(); });
    connect(m_pane, &TranscriptPane::announced, this, &ChatWidget::announced);
    connect(m_pane, &TranscriptPane::transcriptMade, this, &ChatWidget::takeTranscript);
}

/// What is asked for in the transcript, once it is there.
void ChatWidget::takeTranscript()
{
    TranscriptView* view = transcript();
    view->setAnswerNowEnabled(m_source.canAnswerNow());
    connect(view, &TranscriptView::linkActivated, this, &ChatWidget::linkActivated);
    connect(view, &TranscriptView::found, m_find, &FindBar::setResult);
    connect(view, &TranscriptView::answerNowRequested, this, [this](quint64 id) {
        if (id == m_turns.currentTurn())
            m_source.answerNow();
    });
    connect(view, &TranscriptView::branchRequested, this,
            [this](quint64 id, int step) { m_turns.showSibling(id, step); });
    connect(view, &TranscriptView::deleteRequested, this,
            [this](quint64 id) { m_turns.remove(id); });
    connect(view, &TranscriptView::timeActivated, m_media, &PointedMedia::showTime);
    connect(view, &TranscriptView::regionHovered, this,
            [this](quint64 id, const TranscriptView::Region& region) {
                const QRectF& area = region.area;
                if (region.isPoint)
                    m_media->showRegion(id, QStringLiteral("point"), {area.x(), area.y()});
                else
                    m_media->showRegion(id, QStringLiteral("box"),
                                        {area.left(), area.top(), area.right(), area.bottom()});
            });
    connect(view, &TranscriptView::regionLeft, m_media->regionCard(), &QWidget::hide);
    connect(view, &TranscriptView::regenerateRequested, this, &ChatWidget::regenerate);
    connect(view, &TranscriptView::actionRequested, this,
            [this](quint64 id, const QString& action) {
                if (action == TranscriptActions::tryAgain)
                    regenerate(id);
                else if (action == TranscriptActions::openModel)
                    emit modelRequested();
                else if (action == TranscriptActions::goOn && !m_turns.resume(id))
                    regenerate(id); // who answers now cannot go on from a text
            });
    connect(actions(), &TranscriptActions::editing, this,
            [this](quint64 id, const Draft& question) { m_earlier.begin(id, question); });
    connect(actions(), &TranscriptActions::filmActivated, m_media, &PointedMedia::openSentFilm);
}

EmptyState* ChatWidget::emptyState() const
{
    return m_pane->emptyState();
}

TranscriptView* ChatWidget::transcript() const
{
    return m_pane->transcript();
}

TranscriptView* ChatWidget::makeTranscript()
{
    return m_pane->makeTranscript();
}

TranscriptActions* ChatWidget::actions() const
{
    return m_pane->actions();
}

FilmPreview* ChatWidget::preview() const
{
    return m_media->preview();
}

QString ChatWidget::costText() const
{
    return m_cost->text();
}

void ChatWidget::takeOver(const ChatWidget& old)
{
    m_composer->takeOver(*old.m_composer);
    m_composer->setBusy(m_turns.isBusy());
    m_earlier.takeOver(old.m_earlier);
    m_sendWhenReady = old.m_sendWhenReady;
    if (m_sendWhenReady)
        sayWaiting();
    tellEarlier();
    takeWarning(old);
    if (!old.m_find->isHidden()) {
        openFind();
        m_find->edit()->setText(old.m_find->text());
    }
}

void ChatWidget::takeDialogs(const ChatWidget& old)
{
    if (old.actions() && old.actions()->viewer()) {
        makeTranscript();
        actions()->takeViewer(*old.actions());
    }
    m_media->takePreview(*old.m_media);
    for (SeenPicture* seen : old.window()->findChildren<SeenPicture*>())
        adoptDialog(*seen, window());
}

Draft ChatWidget::unsent() const
{
    return m_earlier.unsent();
}

void ChatWidget::openFind()
{
    if (m_pane->isShowingTurns())
        m_find->open();
}

void ChatWidget::scrollTo(quint64 turn)
{
    if (transcript())
        transcript()->scrollTo(turn);
}

void ChatWidget::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_model = model;
    m_loading = loading;
    m_composer->setModel(model);
    m_pane->setModel(model, loading);
    if (model)
        warnOfSwitch(*model);
    if (!loading)
        sendWhatWaited();
    m_cost->setModel(model, loading);
}

/// Another model in mid-chat: what it cannot take is said at once, and stays where it is.
void ChatWidget::warnOfSwitch(const LoadedModel& model)
{
    const std::optional<LoadedModel> before = std::exchange(m_answering, model);
    const QString warned = std::exchange(m_warning, m_composer->switchWarning());
    const bool isOther =
        before && (before->source != model.source || before->folder != model.folder ||
                   before->info.seesPictures != model.info.seesPictures ||
                   before->info.seesFilms != model.info.seesFilms);
    if (m_warning == warned || m_sendWhenReady)
        return;
    if (m_warning.isEmpty() && m_composer->note() == warned)
        m_composer->showNote({});
    if (m_warning.isEmpty() || !isOther)
        return;
    m_composer->showNote(m_warning);
    emit announced(m_warning);
}

/// The warning of another window, in the words of this one.
void ChatWidget::takeWarning(const ChatWidget& old)
{
    m_answering = old.m_answering; // a model that is on its way is still another one
    m_warning = m_composer->switchWarning();
    if (!old.m_warning.isEmpty() && old.m_composer->note() == old.m_warning)
        m_composer->showNote(m_warning);
}

void ChatWidget::send()
{
    if (m_turns.isBusy()) {
        m_composer->showNote(
            tr("An answer is being written. %1 stops it.").arg(Shortcuts::text(Shortcut::Stop)));
        return;
    }
    if (m_composer->isReading() && !m_composer->draft().text.trimmed().isEmpty()) {
        m_sendWhenReady = true;
        sayWaiting();
        return;
    }
    const QString obstacle = m_composer->obstacle();
    if (!obstacle.isEmpty()) {
        if (!m_composer->isEmpty())
            m_composer->showNote(obstacle);
        return;
    }
    if (m_loading) {
        m_sendWhenReady = true;
        sayWaiting();
        return;
    }
    if (!m_model) {
        m_composer->showNote(tr("No model is open. Open one from the menu above."));
        return;
    }
    const std::optional<RequestCost>& cost = m_cost->known();
    if (cost && cost->promptTokens >= cost->context) {
        const QLocale locale;
        m_composer->showNote(
            tr("This needs %1 tokens, but the model has room for %2. Shorten the question, use "
               "fewer pictures or frames, or start a new chat.")
                .arg(locale.toString(qlonglong(cost->promptTokens)),
                     locale.toString(qlonglong(cost->context))));
        return;
    }
    m_options.keep();
    const AnswerOptions options = m_options.forAnswer(m_model);
    const Draft draft = m_composer->draft();
    m_composer->clear();
    const quint64 turn = m_earlier.turn();
    if (!turn) {
        noteDevice(m_turns.send(draft, options, m_model->name()));
        return;
    }
    m_earlier.end();
    noteDevice(m_turns.edit(turn, draft, options, m_model->name()));
}

/// What send() waits for.
void ChatWidget::sayWaiting()
{
    const QString words = m_composer->isReading()
                              ? tr("Will be sent as soon as the files are read. %1 takes it back.")
                              : tr("Will be sent as soon as the model is ready. %1 takes it back.");
    m_composer->showNote(words.arg(Shortcuts::text(Shortcut::Stop)));
}

void ChatWidget::sendWhatWaited()
{
    if (!m_sendWhenReady || m_composer->isReading())
        return;
    m_sendWhenReady = false;
    m_composer->showNote({});
    send();
}

/// Kept with the turn, since another model on another device may be open when it is looked at.
void ChatWidget::noteDevice(quint64 id)
{
    if (Turn* turn = m_book.current().find(id)) {
        turn->device = m_model->device;
        turn->answeredBy = m_model->source;
        const QString wanted = m_options.current().adapter;
        if (m_model->isLocal() && wanted != turn->options.adapter)
            turn->answer.remarks.append(
                tr("The adapter %1 of this chat is not loaded; the model answered without it.")
                    .arg(displayName(wanted)));
    }
}

void ChatWidget::regenerate(quint64 turn)
{
    if (!m_model || m_loading) {
        m_composer->showNote(m_loading ? tr("The model is still being loaded.")
                                       : tr("No model is open. Open one from the menu above."));
        return;
    }
    m_options.keep();
    const AnswerOptions options = m_options.forAnswer(m_model);
    const Turn* old = m_book.current().find(turn);
    // A failed question went back to the composer; asked again unchanged, it leaves there.
    if (old && old->answer.state == Answer::State::Failed &&
        m_composer->draft().text == old->question)
        m_composer->clear();
    noteDevice(m_turns.regenerate(turn, options, m_model->name()));
}

void ChatWidget::regenerateLast()
{
    if (!m_book.current().isEmpty())
        regenerate(m_book.current().turns().back().id);
}

void ChatWidget::editLast()
{
    if (m_book.current().isEmpty())
        return;
    const Turn& last = m_book.current().turns().back();
    if (m_earlier.turn() != last.id) // else what is written already would go
        m_earlier.begin(last.id, last.draft());
    m_composer->focusText();
}

bool ChatWidget::stop()
{
    if (m_sendWhenReady) {
        m_sendWhenReady = false;
        m_composer->showNote({});
        return true;
    }
    if (m_turns.isBusy()) {
        m_turns.stop();
        return true;
    }
    if (!m_earlier.turn())
        return false;
    m_earlier.end();
    return true;
}

void ChatWidget::ask(const Sample& sample)
{
    // What was being written stays in its own chat.
    if (!m_book.current().isEmpty() || !m_composer->isEmpty())
        m_book.startNew();
    m_composer->attach(sample.path, sample.frames);
    m_composer->edit()->setPlainText(sample.questions.value(0));
    send();
}

/// The question comes back, unless something else is being written already.
void ChatWidget::giveBack(quint64 turn, const Draft& draft)
{
    if (m_book.current().isShown(turn)) {
        if (!draft.isEmpty() && m_composer->isEmpty())
            m_composer->setDraft(draft);
    } else if (Conversation* other = m_book.holding(turn); other && other->draft.isEmpty()) {
        other->draft = draft;
    }
}

void ChatWidget::showThinking()
{
    const AnswerOptions options = m_options.current();
    m_composer->setThinking(options.thinking, options.budget());
}

/// Tells the composer what the model will see again of the questions before.
void ChatWidget::tellEarlier()
{
    EarlierMedia earlier;
    for (const Turn& turn : m_book.current().turns()) {
        if (turn.answer.isBlank() && !turn.answer.isRunning())
            continue; // it is left out of the next request
        for (const MediaFile& file : turn.media)
            ++(file.isFilm() ? earlier.films : earlier.pictures);
    }
    m_composer->setEarlier(earlier);
}

} // namespace argali::gui
