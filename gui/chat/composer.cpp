#include "gui/chat/composer.h"

#include <algorithm>

#include <QFileDialog>
#include <QFileInfo>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include "gui/chat/attachable.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/composertools.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/seenpicture.h"
#include "gui/theme.h"

namespace argali::gui {
namespace {

constexpr int shadow = 10; // px around the card

} // namespace

Composer::Composer(Settings& settings, MediaLoader& loader, QWidget* parent)
    : QWidget(parent),
      m_settings(settings),
      m_loader(loader),
      m_files(loader),
      m_row(new AttachmentRow(this)),
      m_strip(new FilmStrip(loader, this)),
      m_edit(new ComposerEdit(this)),
      m_note(new QLabel(this)),
      m_tools(new ComposerTools(settings, this))
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    m_edit->setAccessibleName(tr("Question"));
    m_edit->setToolTip({});
    QPalette clear;
    clear.setColor(QPalette::Base, Qt::transparent);
    m_edit->setPalette(clear);
    m_edit->viewport()->setAutoFillBackground(false);

    m_note->setTextFormat(Qt::PlainText);
    m_note->setWordWrap(true);
    m_note->setFont(scaledFont(font(), 0.92));
    m_note->setForegroundRole(QPalette::Link);
    m_note->hide();

    layOut();
    connect(m_edit, &ComposerEdit::textChanged, this, &Composer::noteChange);
    connect(m_edit, &ComposerEdit::sendRequested, this, &Composer::sendRequested);
    connect(m_edit, &ComposerEdit::mediaPasted, this,
            [this](const QMimeData& mime, bool& accepted) { accepted = take(mime); });
    connectFiles();
    connectStrip();
    connect(m_tools, &ComposerTools::filmChosen, this, &Composer::validate);
    connect(m_tools, &ComposerTools::attachRequested, this, &Composer::chooseFiles);
    connect(m_tools, &ComposerTools::thinkingChosen, this, &Composer::thinkingChosen);
    connect(m_tools, &ComposerTools::sendRequested, this, &Composer::sendRequested);
    connect(m_tools, &ComposerTools::stopRequested, this, &Composer::stopRequested);
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::sendWithEnter.key)
            showSend();
    });
    showThinking();
    showSend();
    validate();
}

void Composer::layOut()
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(shadow, shadow / 2, shadow, shadow);
    column->setSpacing(4);
    const auto addInset = [&](QWidget* widget, int top) {
        auto* inset = new QHBoxLayout;
        inset->setContentsMargins(12, top, 12, 0);
        inset->addWidget(widget);
        column->addLayout(inset);
    };
    column->addSpacing(4);
    addInset(m_row, 4);
    addInset(m_strip, 4);
    addInset(m_edit, 4);
    addInset(m_note, 0);
    column->addWidget(m_tools);

    setTabOrder(m_edit, m_tools);
    setFocusProxy(m_edit);
}

void Composer::connectFiles()
{
    connect(&m_files, &AttachedFiles::changed, this, &Composer::validate);
    connect(&m_files, &AttachedFiles::attached, this, [this] { showNote({}); });
    connect(&m_files, &AttachedFiles::noted, this, &Composer::showNote);
    connect(m_row, &AttachmentRow::removeRequested, this, &Composer::remove);
    connect(m_row, &AttachmentRow::moveRequested, this, [this](quint64 ticket, quint64 place) {
        if (const ComposerEntry* there = m_files.find(place))
            moveTo(ticket, int(there - m_files.entries().constData()));
    });
    connect(m_row, &AttachmentRow::viewRequested, this, [this](quint64 ticket) {
        const ComposerEntry* entry = m_files.find(ticket);
        if (entry && entry->state == ComposerEntry::State::Ready)
            showWhatIsSeen(entry->file, entry->cost, 0);
    });
}

void Composer::connectStrip()
{
    connect(m_strip, &FilmStrip::removeRequested, this, [this] {
        if (const ComposerEntry* film = m_files.film())
            remove(film->ticket);
    });
    connect(m_strip, &FilmStrip::framesChanged, this, [this] {
        if (ComposerEntry* film = m_files.film())
            film->file.takeFramesFrom(m_strip->film());
        if (!m_strip->frameSet().isByHand()) // what the next film begins with
            m_settings.set(settings::filmFrames, m_strip->frames());
        showNote({});
        validate();
    });
    connect(m_strip, &FilmStrip::decoded, this, [this] {
        const ComposerEntry* film = m_files.film();
        if (film && (!m_strip->isBusy() || film->framesBroken != !m_strip->problem().isEmpty()))
            validate();
    });
    connect(m_strip, &FilmStrip::noted, this, &Composer::showNote);
    connect(m_strip, &FilmStrip::seenRequested, this, [this](double seconds) {
        if (const ComposerEntry* film = m_files.film())
            showWhatIsSeen(film->file, film->cost, seconds);
    });
    connect(m_strip, &FilmStrip::previewRequested, this,
            [this](double seconds) { emit previewRequested(m_strip->film(), seconds); });
}

void Composer::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF card =
        QRectF(rect()).adjusted(shadow + 0.5, shadow / 2 + 0.5, -shadow - 0.5, -shadow - 0.5);
    painter.setPen(Qt::NoPen);
    const Theme theme = Theme::of(palette());
    for (int i = shadow; i > 0; --i) { // grows fainter outwards, a little lower than the card
        painter.setBrush(QColor(0, 0, 0, theme.dark ? 7 : 2));
        painter.drawRoundedRect(card.adjusted(-i, -i + 3, i, i > shadow - 3 ? shadow - 1 : i + 2),
                                14 + i, 14 + i);
    }
    painter.setBrush(palette().color(QPalette::Base));
    QColor line = theme.line;
    if (m_edit->hasFocus()) // the caret says so, too; half way to the colour of text is enough
        line = QColor::fromRgbF((line.redF() + theme.muted.redF()) / 2,
                                (line.greenF() + theme.muted.greenF()) / 2,
                                (line.blueF() + theme.muted.blueF()) / 2);
    painter.setPen(QPen(line, 1));
    painter.drawRoundedRect(card, 14, 14);
}

Draft Composer::draft() const
{
    return {m_edit->toPlainText(), m_files.sendable()};
}

Draft Composer::keptDraft() const
{
    return {m_edit->toPlainText(), m_files.kept()};
}

void Composer::setDraft(const Draft& draft)
{
    clear();
    m_edit->setPlainText(draft.text);
    m_edit->moveCursor(QTextCursor::End);
    for (const MediaFile& file : draft.media)
        m_files.attach(file);
}

void Composer::clear()
{
    m_edit->setPlainText({});
    showNote({});
    m_files.clear();
}

void Composer::takeOver(const Composer& old)
{
    old.m_strip->setFilm({}); // no frame is decoded twice
    m_files.takeOver(old.m_files);
    m_edit->setPlainText(old.m_edit->toPlainText());
    const QTextCursor there = old.m_edit->textCursor();
    QTextCursor here = m_edit->textCursor();
    here.setPosition(there.anchor());
    here.setPosition(there.position(), QTextCursor::KeepAnchor);
    m_edit->setTextCursor(here);
    m_tools->setFilm(old.m_tools->isFilm());
    setBusy(old.m_busy);
    setEarlier(old.m_earlier);
    validate();
}

bool Composer::isEmpty() const
{
    return m_files.isEmpty() && m_edit->toPlainText().trimmed().isEmpty();
}

bool Composer::isReading() const
{
    const bool decoding = !m_strip->isHidden() && m_strip->isBusy() && !m_strip->isExact();
    return decoding || m_files.isReading();
}

QString Composer::obstacle() const
{
    const QString obstacle = m_files.obstacle();
    if (!obstacle.isEmpty())
        return obstacle;
    if (m_edit->toPlainText().trimmed().isEmpty())
        return tr("Write a question first.");
    return {};
}

void Composer::setModel(const std::optional<LoadedModel>& model)
{
    m_model = model;
    showThinking();
    validate();
}

void Composer::setEarlier(const EarlierMedia& earlier)
{
    if (earlier == m_earlier)
        return;
    m_earlier = earlier;
    validate();
}

QString Composer::switchWarning() const
{
    return m_model ? gui::switchWarning(m_files.entries(), *m_model, m_earlier) : QString();
}

void Composer::showWhatIsSeen(const MediaFile& file, const std::optional<VisualCost>& cost,
                              double seconds)
{
    if (cost)
        (new SeenPicture(m_loader, file, *cost, seconds, window(), m_aspectRatio))->show();
    else
        showNote(m_model ? tr("What the model sees is known in a moment.")
                         : tr("Open a model to see what it sees."));
}

void Composer::setCosts(const std::vector<VisualCost>& costs, const QString& aspectRatio)
{
    m_files.setCosts(costs);
    m_aspectRatio = aspectRatio;
    const QList<SeenPicture*> open = window()->findChildren<SeenPicture*>();
    for (const ComposerEntry& entry : m_files.entries()) {
        m_row->setCost(entry.ticket, entry.cost);
        for (SeenPicture* seen : open) {
            if (entry.cost && seen->file().path == entry.file.path)
                seen->setCost(*entry.cost, aspectRatio);
        }
        if (entry.file.isFilm())
            m_strip->setCost(entry.cost);
    }
}

void Composer::setBusy(bool busy)
{
    m_busy = busy;
    showSend();
}

void Composer::showSend()
{
    m_edit->setSendsWithEnter(m_settings.value(settings::sendWithEnter));
    m_tools->showSend(m_busy, !isEmpty());
}

void Composer::showNote(const QString& note)
{
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
}

QString Composer::note() const
{
    return m_note->text();
}

void Composer::setThinking(bool on, int budget)
{
    m_wantsThinking = on;
    m_thinkingBudget = budget;
    showThinking();
}

void Composer::showThinking()
{
    m_tools->showThinking(!m_model || m_model->info.thinks, m_wantsThinking, m_thinkingBudget);
}

void Composer::attach(const QString& path, int frames)
{
    MediaFile file;
    file.path = path;
    file.frames = frames >= 0 ? frames : m_settings.value(settings::filmFrames);
    m_files.attach(file);
}

void Composer::attachPicture(const QImage& picture)
{
    m_files.attachPicture(picture);
}

bool Composer::take(const QMimeData& mime)
{
    const Attachable found = attachableIn(mime);
    for (const QString& file : found.files)
        attach(file);
    if (!found.picture.isNull())
        attachPicture(found.picture);
    if (found.onlyOnTheWeb)
        showNote(tr(
            "Argali does not fetch pictures from the web. Save the picture and attach the file."));
    return !found.isEmpty();
}

void Composer::chooseFilesOf(bool film)
{
    m_tools->setFilm(film);
    validate();
    chooseFiles();
}

void Composer::chooseFiles()
{
    if (!sees(false) && !sees(true)) {
        showNote(tr("This model sees no pictures and no films. Open another model to ask about "
                    "them."));
        return;
    }
    QFileDialog* dialog =
        makeMediaDialog(m_tools->isFilm(), m_settings.value(settings::attachFolder), window());
    connect(dialog, &QFileDialog::filesSelected, this, [this](const QStringList& files) {
        for (const QString& file : files)
            attach(file);
        if (!files.isEmpty())
            m_settings.set(settings::attachFolder, QFileInfo(files.first()).absolutePath());
        focusText();
    });
    dialog->open();
}

void Composer::focusText()
{
    m_edit->setFocus(Qt::OtherFocusReason);
}

void Composer::remove(quint64 ticket)
{
    m_files.remove(ticket);
    focusText();
}

void Composer::moveTo(quint64 ticket, int place)
{
    m_files.moveTo(ticket, place);
}

/// Says of each file whether it can go with the others to this model.
void Composer::validate()
{
    m_files.judge(m_model, m_earlier);
    if (ComposerEntry* film = m_files.film()) {
        m_strip->setFilm(film->file);
        film->problem = m_strip->problem();
        film->framesBroken = !film->problem.isEmpty();
    }
    for (const ComposerEntry& entry : m_files.entries()) { // the switch says what will be sent
        if (entry.state != ComposerEntry::State::Ready ||
            (!entry.problem.isEmpty() && !entry.framesBroken))
            continue;
        m_tools->setFilm(entry.file.isFilm());
        break;
    }
    showEntries();
}

void Composer::showEntries()
{
    m_row->setEntries(m_files.entries());
    const ComposerEntry* film = m_files.film();
    m_strip->setFilm(film ? film->file : MediaFile());
    m_tools->setTimesShown(film != nullptr);
    const bool anyReady =
        std::any_of(m_files.entries().begin(), m_files.entries().end(),
                    [](const ComposerEntry& e) { return e.state == ComposerEntry::State::Ready; });
    m_tools->setSettled(anyReady);
    showSight();
    noteChange();
}

bool Composer::sees(bool film) const
{
    return !m_model || (film ? m_model->info.seesFilms : m_model->info.seesPictures);
}

/// What can be attached to a question to this model.
void Composer::showSight()
{
    m_tools->setSight(sees(false), sees(true));
    m_edit->setPlaceholderText(!sees(false) && !sees(true) ? tr("Ask a question…")
                               : m_tools->isFilm()         ? tr("Ask about the film…")
                                                           : tr("Ask about the picture…"));
}

void Composer::noteChange()
{
    showSend();
    emit changed();
}

} // namespace argali::gui
