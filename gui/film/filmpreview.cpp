#include "gui/film/filmpreview.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QSlider>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/film/filmplayer.h"
#include "gui/shortcuts.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/flowlayout.h"
#include "gui/widgets/valueslider.h"

namespace argali::gui {
namespace {
constexpr auto rest = std::chrono::milliseconds(60);
constexpr QSize largestPicture(1280, 720);
} // namespace

PictureView::PictureView(QWidget* parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setMinimumSize(240, 160);
}

void PictureView::setPicture(const QImage& picture)
{
    m_picture = picture;
    update();
}

void PictureView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), Qt::black);
    if (m_picture.isNull())
        return;
    QRectF target(QPointF(0, 0),
                  QSizeF(m_picture.size()).scaled(QSizeF(size()), Qt::KeepAspectRatio));
    target.moveCenter(QRectF(rect()).center());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(target, m_picture);
}

FilmPreview::FilmPreview(const MediaFile& film, bool canAdd, QWidget* parent)
    : QDialog(parent),
      m_film(film),
      m_frames(KeyFrameSet::of(film)),
      m_loader(QString()),
      m_view(new PictureView(this)),
      m_slider(makeSlider(this)),
      m_back(new Button(Button::Kind::Ghost, QStringLiteral("chevron-left"), {}, this)),
      m_play(new Button(Button::Kind::Ghost, QStringLiteral("play"), {}, this)),
      m_forward(new Button(Button::Kind::Ghost, QStringLiteral("chevron-right"), {}, this)),
      m_position(new QLabel(this)),
      m_note(new QLabel(this)),
      m_add(new Button(Button::Kind::Outlined, QStringLiteral("plus"), {}, this)),
      m_sentRow(new QWidget(this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(film.name());
    m_view->setPicture(film.thumbnail);
    m_slider->setRange(0, int(std::min<qint64>(m_frames.total() - 1, INT_MAX)));
    m_slider->setPageStep(int(std::max<qint64>(1, m_frames.indexAt(1))));
    m_add->setVisible(canAdd);
    m_position->setFont(scaledFont(font(), 0.92));
    m_position->setTextFormat(Qt::PlainText);
    m_position->setForegroundRole(QPalette::PlaceholderText);
    m_note->setFont(scaledFont(font(), 0.92));
    m_note->setForegroundRole(QPalette::Link);
    m_note->setWordWrap(true);
    m_note->setTextFormat(Qt::PlainText);
    m_note->hide();

    auto* row = new QHBoxLayout;
    row->setSpacing(4);
    row->addWidget(m_back);
    row->addWidget(m_play);
    row->addWidget(m_forward);
    row->addSpacing(8);
    row->addWidget(m_position);
    row->addStretch(1);
    row->addWidget(m_add);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(8);
    column->addWidget(m_view, 1);
    column->addWidget(m_slider);
    column->addWidget(m_note);
    column->addWidget(m_sentRow);
    m_sentRow->hide();
    column->addLayout(row);
    resize(720, 540);

    m_delay.setSingleShot(true);
    m_delay.setInterval(rest);
    connect(&m_delay, &QTimer::timeout, this, &FilmPreview::request);
    connect(m_slider, &QSlider::valueChanged, this, [this](int index) {
        if (m_player)
            m_player->pause();
        showIndex(index);
    });
    connect(m_back, &Button::clicked, this, [this] { step(-1); });
    connect(m_forward, &Button::clicked, this, [this] { step(1); });
    connect(m_play, &Button::clicked, this, &FilmPreview::togglePlaying);
    connect(m_add, &Button::clicked, this, &FilmPreview::add);
    connect(&m_loader, &MediaLoader::frameReady, this,
            [this](quint64 ticket, int, const QImage& frame, bool exact) {
                if (ticket != m_ticket || isPlaying())
                    return;
                m_view->setPicture(frame);
                m_exact = exact;
            });
    const auto broken = [this](quint64 ticket) {
        if (ticket != m_ticket)
            return;
        m_note->setText(tr("The frame at %1 cannot be decoded.").arg(timeText(seconds(), true)));
        m_note->show();
    };
    connect(&m_loader, &MediaLoader::frameFailed, this, broken);
    connect(&m_loader, &MediaLoader::failed, this, broken);
    showNames();
    showPosition();
    m_delay.start();
}

FilmPreview::~FilmPreview() = default;

void FilmPreview::showNames()
{
    m_view->setAccessibleName(tr("Frame of the film"));
    m_slider->setAccessibleName(tr("Position in the film"));
    m_back->setAccessibleName(tr("One frame back"));
    m_back->setToolTip(
        tr("One frame back (%1, ten with %2)")
            .arg(
                Shortcuts::text(isRightToLeft() ? Shortcut::PlayRight : Shortcut::PlayLeft),
                Shortcuts::text(isRightToLeft() ? Shortcut::PlayTenRight : Shortcut::PlayTenLeft)));
    m_forward->setAccessibleName(tr("One frame on"));
    m_forward->setToolTip(
        tr("One frame on (%1, ten with %2)")
            .arg(
                Shortcuts::text(isRightToLeft() ? Shortcut::PlayLeft : Shortcut::PlayRight),
                Shortcuts::text(isRightToLeft() ? Shortcut::PlayTenLeft : Shortcut::PlayTenRight)));
    if (m_play->isEnabled()) // else it says why not
        m_play->setToolTip(Shortcuts::tip(tr("Play or pause"), Shortcut::Play));
    m_add->setText(tr("Add frame here"));
    m_add->setToolTip(
        Shortcuts::tip(tr("The model gets the frame shown here"), Shortcut::AddFrame));
    if (auto* words = m_sentRow->findChild<QLabel*>())
        words->setText(tr("The model got the frames at"));
    for (Button* chip : std::as_const(m_sent))
        chip->setAccessibleName(tr("Show the frame at %1").arg(chip->text()));
    showPlaying(isPlaying());
}

void FilmPreview::showPlaying(bool playing)
{
    m_play->setIconName(playing ? QStringLiteral("pause") : QStringLiteral("play"));
    m_play->setAccessibleName(playing ? tr("Pause") : tr("Play"));
}

void FilmPreview::goTo(double seconds)
{
    if (m_player)
        m_player->pause();
    showIndex(m_frames.indexAt(seconds));
}

void FilmPreview::showSentFrames(const MediaFile& film)
{
    qDeleteAll(m_sentRow->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly));
    delete m_sentRow->layout();
    m_sent.clear();
    auto* flow = new FlowLayout(m_sentRow, 4);
    auto* words = new QLabel(m_sentRow);
    words->setFont(scaledFont(font(), 0.92));
    words->setForegroundRole(QPalette::PlaceholderText);
    flow->addWidget(words);
    for (const double seconds : KeyFrameSet::of(film).times()) {
        auto* chip = new Button(Button::Kind::Chip, {}, timeText(seconds, true), m_sentRow);
        connect(chip, &Button::clicked, this, [this, seconds] { goTo(seconds); });
        flow->addWidget(chip);
        m_sent.append(chip);
    }
    m_sentRow->setVisible(film.frameCount > 0);
    showNames();
}

void FilmPreview::step(qint64 frames)
{
    if (m_player)
        m_player->pause();
    showIndex(m_index + frames);
}

void FilmPreview::showIndex(qint64 index)
{
    m_index = std::clamp<qint64>(index, 0, m_frames.total() - 1);
    m_exact = false;
    m_note->hide();
    showPosition();
    m_delay.start();
}

void FilmPreview::request()
{
    if (m_ticket)
        m_loader.cancel(m_ticket);
    m_ticket =
        m_loader.readFrames(m_film.path, {seconds()}, largestPicture, m_slider->isSliderDown());
}

void FilmPreview::showPosition()
{
    const QSignalBlocker block(m_slider);
    m_slider->setValue(int(m_index));
    const QLocale locale;
    //: time in a film, number of the frame there and of the last one: "00:04.0 · 96 / 120"
    m_position->setText(tr("%1 · %2 / %3")
                            .arg(timeText(seconds(), true), locale.toString(qlonglong(m_index)),
                                 locale.toString(qlonglong(m_frames.total() - 1))));
}

bool FilmPreview::isPlaying() const
{
    return m_player && m_player->isPlaying();
}

QString FilmPreview::note() const
{
    return m_note->isHidden() ? QString() : m_note->text();
}

void FilmPreview::togglePlaying()
{
    if (isPlaying()) {
        m_player->pause();
        return;
    }
    if (!m_player) {
        m_player = new FilmPlayer(m_film.path, this);
        connect(m_player, &FilmPlayer::frameShown, this,
                [this](const QImage& frame, double seconds) {
                    m_index = m_frames.indexAt(seconds);
                    m_exact = false;
                    m_view->setPicture(frame);
                    showPosition();
                });
        connect(m_player, &FilmPlayer::playingChanged, this, [this](bool playing) {
            showPlaying(playing);
            if (!playing)
                showIndex(m_index); // now as our own decoder has it
        });
        connect(m_player, &FilmPlayer::failed, this, [this](const QString& sentence) {
            m_note->setText(sentence);
            m_note->show();
            m_play->setEnabled(false);
            m_play->setToolTip(plainToolTip(sentence));
        });
    }
    const bool atEnd = m_index >= m_frames.total() - 1;
    m_player->play(atEnd ? 0 : seconds());
}

void FilmPreview::add()
{
    if (m_player)
        m_player->pause();
    emit frameAdded(seconds());
}

void FilmPreview::changeEvent(QEvent* event)
{
    QDialog::changeEvent(event);
    if (event->type() == QEvent::LanguageChange) {
        showNames();
        showPosition();
    }
}

void FilmPreview::keyPressEvent(QKeyEvent* event)
{
    const auto is = [event](Shortcut id) { return Shortcuts::matches(*event, id); };
    const int forward = isRightToLeft() ? -1 : 1;
    if (is(Shortcut::PlayLeft))
        step(-forward);
    else if (is(Shortcut::PlayRight))
        step(forward);
    else if (is(Shortcut::PlayTenLeft))
        step(-forward * framesPerJump);
    else if (is(Shortcut::PlayTenRight))
        step(forward * framesPerJump);
    else if (is(Shortcut::Play))
        togglePlaying();
    else if (!is(Shortcut::AddFrame))
        QDialog::keyPressEvent(event);
    else if (!m_add->isHidden())
        add();
}

} // namespace argali::gui
