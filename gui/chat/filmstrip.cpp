#include "gui/chat/filmstrip.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <utility>

#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QSlider>
#include <QSpinBox>
#include <QVBoxLayout>

#include "gui/chat/costtext.h"
#include "gui/chat/medialoader.h"
#include "gui/film/filmframes.h"
#include "gui/film/filmtimeline.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/valueslider.h"

namespace argali::gui {
namespace {
constexpr auto rest = std::chrono::milliseconds(150);
constexpr qsizetype keptPictures = 4 * KeyFrameSet::most;
} // namespace

FilmStrip::FilmStrip(MediaLoader& loader, QWidget* parent)
    : QWidget(parent),
      m_loader(loader),
      m_scroll(new QScrollArea(this)),
      m_view(new FilmFrames(m_scroll)),
      m_timeline(new FilmTimeline(this)),
      m_play(new Button(Button::Kind::Ghost, QStringLiteral("play"), {}, this)),
      m_see(new Button(Button::Kind::Ghost, QStringLiteral("eye"), {}, this)),
      m_caption(new ElidedLabel(tr("Key frames"), this)),
      m_slider(makeSlider(this)),
      m_number(new QSpinBox(this)),
      m_hint(new ElidedLabel(tr("0 = automatic, one a second"), this)),
      m_even(new Button(Button::Kind::Ghost, QStringLiteral("reset"), {}, this)),
      m_range(new ElidedLabel({}, this)),
      m_remove(new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, this))
{
    m_delay.setSingleShot(true);
    m_delay.setInterval(rest);
    connect(&m_delay, &QTimer::timeout, this, &FilmStrip::request);

    m_scroll->setWidget(m_view);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus); // the frames have it
    m_scroll->viewport()->setAutoFillBackground(false);
    m_view->setAutoFillBackground(false);

    const QFont small = scaledFont(font(), 0.92);
    for (ElidedLabel* label : {m_caption, m_range, m_hint}) {
        label->setFont(small);
        label->setForegroundRole(QPalette::PlaceholderText);
        label->setTextFormat(Qt::PlainText);
    }
    m_play->setAccessibleName(tr("Play the film"));
    m_play->setToolTip(tr("Play the film and add frames from it"));
    m_see->setAccessibleName(tr("What the model sees"));
    m_see->setToolTip(tr("What the model sees of the current frame"));
    m_slider->setRange(0, KeyFrameSet::most);
    m_slider->setPageStep(4);
    m_slider->setMaximumWidth(150);
    m_slider->setMinimumWidth(50);
    m_slider->setAccessibleName(tr("Key frames"));
    m_number->setRange(0, KeyFrameSet::most);
    m_number->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_number->setAlignment(Qt::AlignRight);
    m_number->setAccessibleName(tr("Number of key frames"));
    const QString tip =
        tr("How many frames of the film the model gets, spread evenly. 0 takes one a "
           "second, at most 30.");
    m_slider->setToolTip(tip);
    m_number->setToolTip(tip);
    m_caption->setBuddy(m_number);
    m_even->setAccessibleName(tr("Spread the frames evenly again"));
    m_even->setToolTip(tr("Spread the frames evenly again"));
    m_even->hide();
    m_remove->setAccessibleName(tr("Remove the film"));
    m_remove->setToolTip(tr("Remove the film"));

    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    for (QWidget* widget : {static_cast<QWidget*>(m_play), static_cast<QWidget*>(m_see),
                            static_cast<QWidget*>(m_caption), static_cast<QWidget*>(m_slider),
                            static_cast<QWidget*>(m_number), static_cast<QWidget*>(m_even)})
        row->addWidget(widget);
    row->addWidget(m_hint, 1);
    row->setSpacing(6);
    row->addWidget(m_range);
    row->addWidget(m_remove);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addWidget(m_scroll);
    column->addWidget(m_timeline);
    column->addLayout(row);
    for (const auto& [before, after] : std::initializer_list<std::pair<QWidget*, QWidget*>>{
             {m_view, m_timeline->startHandle()},
             {m_timeline->startHandle(), m_timeline->endHandle()},
             {m_timeline->endHandle(), m_play},
             {m_play, m_see},
             {m_see, m_slider},
             {m_slider, m_number},
             {m_number, m_even},
             {m_even, m_remove}})
        setTabOrder(before, after);

    connect(m_slider, &QSlider::valueChanged, this, &FilmStrip::setCount);
    connect(m_number, &QSpinBox::valueChanged, this, &FilmStrip::setCount);
    connect(m_even, &Button::clicked, this, [this] {
        KeyFrameSet set = m_set;
        set.setCount(m_set.count());
        apply(set, m_view->current());
    });
    connect(m_remove, &Button::clicked, this, &FilmStrip::removeRequested);
    connect(m_play, &Button::clicked, this,
            [this] { emit previewRequested(m_set.timeAt(m_view->current())); });
    connect(m_see, &Button::clicked, this,
            [this] { emit seenRequested(m_set.timeAt(m_view->current())); });
    connect(m_view, &FilmFrames::openRequested, this,
            [this](int place) { emit previewRequested(m_set.timeAt(place)); });
    connect(m_view, &FilmFrames::nudged, this, &FilmStrip::nudge);
    connect(m_view, &FilmFrames::removeRequested, this, &FilmStrip::removeFrame);
    connect(m_view, &FilmFrames::currentChanged, this, [this](int place) {
        m_timeline->setFrames(m_set, place);
        const QRect rect = m_view->placeRect(place);
        m_scroll->ensureVisible(rect.center().x(), 0, rect.width() / 2 + 8, 0);
    });
    connect(m_timeline, &FilmTimeline::pressedAt, this, &FilmStrip::goTo);
    connect(m_timeline, &FilmTimeline::dragBegan, this, [this] { m_beforeDrag = m_set; });
    connect(m_timeline, &FilmTimeline::dragEnded, this, [this] { m_beforeDrag.reset(); });
    connect(m_timeline, &FilmTimeline::rangeMoved, this, [this](qint64 first, qint64 last) {
        // From what it was when the handle was taken, so that a frame that was passed comes back.
        KeyFrameSet set = m_beforeDrag.value_or(m_set);
        set.setRange(first, last);
        apply(set, m_view->current());
    });
    connect(&loader, &MediaLoader::frameReady, this,
            [this](quint64 ticket, int index, const QImage& frame, bool exact) {
                if (ticket == m_ticket)
                    takeFrame(index, frame, exact);
            });
    connect(&loader, &MediaLoader::frameFailed, this, [this](quint64 ticket, int index) {
        if (ticket != m_ticket)
            return;
        m_broken.insert(m_wanted.at(index));
        showSet();
        emit decoded();
    });
    connect(&loader, &MediaLoader::framesFinished, this, [this](quint64 ticket) {
        if (ticket != m_ticket)
            return;
        m_ticket = 0;
        emit decoded();
    });
    connect(&loader, &MediaLoader::failed, this, [this](quint64 ticket) {
        if (ticket != m_ticket)
            return;
        m_ticket = 0;
        for (const qint64 index : m_wanted)
            m_broken.insert(index);
        showSet();
        emit decoded();
    });
    hide();
}

FilmStrip::~FilmStrip()
{
    release();
}

void FilmStrip::release()
{
    if (m_ticket)
        m_loader.cancel(m_ticket);
    m_ticket = 0;
}

void FilmStrip::setFilm(const MediaFile& film)
{
    const bool same = film.path == m_film.path && film.frameCount == m_film.frameCount &&
                      film.size == m_film.size;
    if (same && KeyFrameSet::of(film) == m_set)
        return;
    if (!same) {
        release();
        m_delay.stop();
        m_exact.clear();
        m_rough.clear();
        m_broken.clear();
        m_view->setCurrent(0);
    }
    m_film = film;
    m_set = KeyFrameSet::of(film);
    setVisible(!film.path.isEmpty());
    if (film.path.isEmpty()) {
        m_view->setFrames({});
        return;
    }
    m_remove->setAccessibleName(tr("Remove %1").arg(film.name()));
    m_remove->setToolTip(
        QStringLiteral("<span>%1</span>").arg(tr("Remove %1").arg(film.name()).toHtmlEscaped()));
    setCost(std::nullopt);
    showSet();
    request();
}

bool FilmStrip::isExact() const
{
    return std::all_of(m_set.indices().begin(), m_set.indices().end(),
                       [this](qint64 index) { return m_exact.contains(index); });
}

QString FilmStrip::problem() const
{
    for (const qint64 index : m_set.indices()) {
        if (m_broken.contains(index))
            return tr("The frame at %1 cannot be decoded. Choose another one, or get the film "
                      "again.")
                .arg(timeText(m_set.timeOf(index), true));
    }
    return {};
}

void FilmStrip::setCost(const std::optional<VisualCost>& cost)
{
    const QString text =
        QStringLiteral("<p>%1 · %2</p><p>%3</p>")
            .arg(m_film.path.toHtmlEscaped(), m_film.badge(), cost ? visualText(*cost) : QString());
    m_range->setToolTip(text);
    m_caption->setToolTip(text);
}

void FilmStrip::goTo(double seconds)
{
    m_view->setCurrent(m_set.placeNear(seconds));
}

void FilmStrip::addFrame(double seconds)
{
    KeyFrameSet set = m_set;
    if (const std::optional<int> place = set.add(set.indexAt(seconds)))
        apply(set, *place);
    else
        emit noted(
            tr("A film gives at most %Ln frame(s). Remove one first.", nullptr, KeyFrameSet::most));
}

void FilmStrip::setCount(int frames)
{
    if (frames == m_set.count())
        return;
    KeyFrameSet set = m_set;
    set.setCount(frames);
    apply(set, m_view->current());
}

void FilmStrip::nudge(int place, qint64 by)
{
    KeyFrameSet set = m_set;
    const qint64 before = m_set.indices().at(place);
    const int after = set.nudge(place, by);
    const qint64 index = set.indices().at(after);
    if (index != before && !m_rough.contains(index))
        m_rough.insert(index, m_exact.value(before, m_rough.value(before)));
    apply(set, after);
}

void FilmStrip::removeFrame(int place)
{
    KeyFrameSet set = m_set;
    if (set.remove(place))
        apply(set, std::min(place, set.size() - 1));
    else
        emit noted(tr("One frame has to stay. The cross at the end of the row removes the film."));
}

void FilmStrip::apply(const KeyFrameSet& set, int current)
{
    const bool changed = !(set == m_set);
    m_set = set;
    m_set.writeTo(m_film);
    showSet();
    m_view->setCurrent(current);
    m_timeline->setFrames(m_set, m_view->current());
    if (!changed)
        return;
    m_delay.start();
    emit framesChanged();
}

void FilmStrip::showSet()
{
    QList<FilmFrames::Frame> frames;
    for (const qint64 index : m_set.indices()) {
        const bool exact = m_exact.contains(index);
        frames.append({m_set.timeOf(index), exact ? m_exact.value(index) : m_rough.value(index),
                       exact, m_broken.contains(index)});
    }
    m_view->setFrames(frames);
    fitHeight();
    m_timeline->setFrames(m_set, m_view->current());
    const QSignalBlocker sliderBlock(m_slider);
    const QSignalBlocker numberBlock(m_number);
    m_slider->setValue(m_set.count());
    m_number->setValue(m_set.count());
    m_hint->setText(m_set.isByHand() ? tr("Chosen by hand") : tr("0 = automatic, one a second"));
    m_even->setVisible(m_set.isByHand());
    //: range of a film, "00:00.3 – 00:07.0"
    m_range->setText(tr("%1 – %2").arg(timeText(m_set.timeOf(m_set.first()), true),
                                       timeText(m_set.timeOf(m_set.last()), true)));
}

/// Room for a scroll bar only where there is one.
void FilmStrip::fitHeight()
{
    const bool scrolls = m_view->minimumSizeHint().width() > m_scroll->width();
    m_scroll->setFixedHeight(m_view->frameHeight() + (scrolls ? 14 : 0));
}

void FilmStrip::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fitHeight();
}

QSize FilmStrip::boxSize() const
{
    return m_view->pictureSize();
}

/// Asks for what is not there yet; the film is read on from where it is.
void FilmStrip::request()
{
    release();
    m_wanted.clear();
    QList<double> times;
    bool rough = false;
    for (const qint64 index : m_set.indices()) {
        if (m_exact.contains(index) || m_broken.contains(index) || m_wanted.contains(index))
            continue;
        m_wanted.append(index);
        times.append(m_set.timeOf(index));
        rough = rough || m_rough.value(index).isNull();
    }
    if (m_film.path.isEmpty() || times.isEmpty()) {
        emit decoded();
        return;
    }
    m_ticket = m_loader.readFrames(m_film.path, times, boxSize(), rough);
}

void FilmStrip::takeFrame(int wanted, const QImage& frame, bool exact)
{
    const qint64 index = m_wanted.at(wanted);
    if (m_exact.size() >= keptPictures || m_rough.size() >= keptPictures) {
        // Those of frames that are not chosen any more go.
        const auto isUnused = [this](QHash<qint64, QImage>::iterator entry) {
            return !m_set.indices().contains(entry.key());
        };
        m_exact.removeIf(isUnused);
        m_rough.removeIf(isUnused);
    }
    (exact ? m_exact : m_rough).insert(index, frame);
    for (int place = 0; place < m_set.size(); ++place) {
        if (m_set.indices().at(place) == index)
            m_view->setFrame(place, {m_set.timeOf(index), frame, exact, false});
    }
    if (exact)
        emit decoded();
}

} // namespace argali::gui
