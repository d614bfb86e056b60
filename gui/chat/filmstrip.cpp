#include "gui/chat/filmstrip.h"

#include <algorithm>

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QScrollArea>
#include <QScrollBar>
#include <QSlider>
#include <QSpinBox>
#include <QVBoxLayout>

#include "gui/chat/medialoader.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/overlaytag.h"
#include "gui/widgets/valueslider.h"

namespace argali::gui {
namespace {
constexpr int mostFrames = 30;
constexpr int gap = 4;
} // namespace

/// The thumbnails, side by side.
class FilmStrip::Frames final : public QWidget {
public:
    explicit Frames(QWidget* parent) : QWidget(parent)
    {
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    }
    void setTimes(const QList<double>& times)
    {
        m_times = times;
        m_images.clear();
        m_images.resize(times.size());
        updateGeometry();
        update();
    }
    void setFrame(int index, const QImage& frame)
    {
        if (index < 0 || index >= m_images.size())
            return;
        m_images[index] = frame;
        update();
    }
    QSize sizeHint() const override { return {leastWidth(), frameHeight()}; }
    QSize minimumSizeHint() const override { return sizeHint(); }
    int frameHeight() const { return std::max(58, fontMetrics().height() * 3 + 10); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const qsizetype n = m_times.size();
        if (n == 0)
            return;
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setFont(scaledFont(font(), 0.77));
        for (qsizetype i = 0; i < n; ++i) {
            // Edges are rounded one by one, so that all gaps are equal.
            const int left = int(i * (width() + gap) / n);
            const int right = int((i + 1) * (width() + gap) / n) - gap;
            const QRect frame(isRightToLeft() ? width() - right : left, 0, right - left, height());
            QPainterPath path;
            path.addRoundedRect(frame, 6, 6);
            painter.fillPath(path, palette().color(QPalette::AlternateBase));
            painter.save();
            painter.setClipPath(path);
            paintCovering(painter, frame, m_images.at(i));
            painter.restore();
            painter.setPen(QPen(palette().color(QPalette::Mid), 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(frame).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
            paintTag(painter, frame.adjusted(3, 3, -3, -3), timeText(m_times.at(i), true),
                     layoutDirection());
        }
    }

private:
    int leastWidth() const
    {
        const int tag =
            QFontMetrics(scaledFont(font(), 0.77)).horizontalAdvance(QStringLiteral("00:00.0")) +
            16;
        return int(m_times.size()) * (std::max(44, tag) + gap) - gap;
    }
    QList<double> m_times;
    QList<QImage> m_images;
};

FilmStrip::FilmStrip(MediaLoader& loader, QWidget* parent)
    : QWidget(parent),
      m_loader(loader),
      m_scroll(new QScrollArea(this)),
      m_frames(new Frames(m_scroll)),
      m_name(new ElidedLabel({}, this)),
      m_caption(new QLabel(tr("Key frames"), this)),
      m_slider(makeSlider(this)),
      m_number(new QSpinBox(this)),
      m_hint(new ElidedLabel(tr("0 = automatic, one a second"), this)),
      m_remove(new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, this))
{
    m_delay.setSingleShot(true);
    m_delay.setInterval(200);
    connect(&m_delay, &QTimer::timeout, this, &FilmStrip::request);

    m_scroll->setWidget(m_frames);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFixedHeight(m_frames->frameHeight() + 12);
    m_scroll->setFocusPolicy(Qt::StrongFocus); // the arrow keys move along the frames
    m_scroll->setAccessibleName(tr("Frames of the film"));
    m_scroll->viewport()->setAutoFillBackground(false);
    m_frames->setAutoFillBackground(false);

    const QFont small = scaledFont(font(), 0.92);
    for (QLabel* label : {static_cast<QLabel*>(m_name), m_caption, static_cast<QLabel*>(m_hint)}) {
        label->setFont(small);
        label->setForegroundRole(QPalette::PlaceholderText);
    }
    m_slider->setRange(0, mostFrames);
    m_slider->setPageStep(4);
    m_slider->setFixedWidth(150);
    m_slider->setAccessibleName(tr("Key frames"));
    m_number->setRange(0, mostFrames);
    m_number->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_number->setAlignment(Qt::AlignRight);
    m_number->setAccessibleName(tr("Number of key frames"));
    const QString tip =
        tr("How many frames of the film the model gets, spread evenly. 0 takes one a "
           "second, at most 30.");
    m_slider->setToolTip(tip);
    m_number->setToolTip(tip);
    m_caption->setBuddy(m_number);
    m_remove->setToolTip(tr("Remove the film"));
    m_remove->setAccessibleName(tr("Remove the film"));

    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_caption);
    row->addWidget(m_slider);
    row->addWidget(m_number);
    row->addWidget(m_hint, 1);
    row->addWidget(m_name, 1);
    row->addWidget(m_remove);
    m_name->setAlignment(Qt::AlignTrailing | Qt::AlignVCenter);
    m_name->setElideMode(Qt::ElideMiddle);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addWidget(m_scroll);
    column->addLayout(row);

    connect(m_slider, &QSlider::valueChanged, this, &FilmStrip::setFrames);
    connect(m_number, &QSpinBox::valueChanged, this, &FilmStrip::setFrames);
    connect(m_remove, &Button::clicked, this, &FilmStrip::removeRequested);
    connect(&loader, &MediaLoader::framesCounted, this,
            [this](quint64 ticket, const QList<double>& times) {
                if (ticket == m_ticket)
                    m_frames->setTimes(times);
            });
    connect(&loader, &MediaLoader::frameReady, this,
            [this](quint64 ticket, int index, const QImage& frame) {
                if (ticket == m_ticket)
                    m_frames->setFrame(index, frame);
            });
    connect(&loader, &MediaLoader::framesFinished, this, [this](quint64 ticket) {
        if (ticket == m_ticket)
            m_exact = true;
    });
    connect(&loader, &MediaLoader::failed, this, [this](quint64 ticket, const Failure& failure) {
        if (ticket == m_ticket)
            emit failed(failure.sentence());
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
    m_exact = false;
}

void FilmStrip::setFilm(const MediaFile& film)
{
    if (film.path == m_film.path && film.frames == m_film.frames && isVisibleTo(parentWidget()))
        return;
    m_film = film;
    release();
    m_frames->setTimes({});
    setVisible(!film.path.isEmpty());
    if (film.path.isEmpty())
        return;
    m_name->setText(QStringLiteral("%1 · %2").arg(film.name(), timeText(film.duration)));
    const QSignalBlocker sliderBlock(m_slider);
    const QSignalBlocker numberBlock(m_number);
    m_slider->setValue(film.frames);
    m_number->setValue(film.frames);
    request();
}

void FilmStrip::setFrames(int frames)
{
    if (frames == m_film.frames)
        return;
    m_film.frames = frames;
    const QSignalBlocker sliderBlock(m_slider);
    const QSignalBlocker numberBlock(m_number);
    m_slider->setValue(frames);
    m_number->setValue(frames);
    m_exact = false;
    m_delay.start();
    emit framesChanged(frames);
}

void FilmStrip::request()
{
    release();
    if (!m_film.path.isEmpty())
        m_ticket = m_loader.readFrames(m_film.path, m_film.frames);
}

} // namespace argali::gui
