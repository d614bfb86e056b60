#include "gui/chat/emptystate.h"

#include <algorithm>

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QResizeEvent>
#include <QVBoxLayout>

#include "gui/chat/dropzone.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/samplecard.h"
#include "gui/displayname.h"
#include "gui/shortcuts.h"
#include "gui/theme.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {
constexpr int columnWidth = 760;
constexpr int markSize = 46;
} // namespace

EmptyState::EmptyState(MediaLoader& loader, const QList<Sample>& samples, QWidget* parent)
    : QScrollArea(parent), m_loader(loader)
{
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setFocusPolicy(Qt::NoFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* page = new QWidget(this);
    setWidget(page);

    m_mark = new QLabel(page);
    m_mark->setAlignment(Qt::AlignCenter);
    m_mark->setPixmap(
        iconPixmap(QStringLiteral("argali"), markSize, Qt::black, devicePixelRatioF()));
    m_headline = new QLabel(page);
    m_headline->setAlignment(Qt::AlignCenter);
    m_headline->setWordWrap(true);
    m_headline->setFont(scaledFont(font(), 1.8, QFont::DemiBold));
    m_sentence = new QLabel(page);
    m_sentence->setAlignment(Qt::AlignCenter);
    m_sentence->setWordWrap(true);
    m_sentence->setFont(scaledFont(font(), 0.96));
    m_sentence->setForegroundRole(QPalette::PlaceholderText);
    m_sentence->setTextFormat(Qt::RichText);
    m_sentence->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    m_sentence->setAccessibleName(tr("Model"));
    connect(m_sentence, &QLabel::linkActivated, this, [this] { emit modelRequested(); });

    for (const Sample& sample : samples) {
        auto* card = new SampleCard(sample, page);
        m_cards.append(card);
        connect(card, &SampleCard::clicked, this,
                [this, card] { emit sampleChosen(card->sample()); });
        m_waiting.insert(loader.inspect(sample.path), card);
    }
    connect(&loader, &MediaLoader::inspected, this, [this](quint64 ticket, const MediaFile& file) {
        if (SampleCard* card = m_waiting.take(ticket))
            card->setPicture(file.thumbnail);
    });
    connect(&loader, &MediaLoader::failed, this, [this](quint64 ticket) {
        if (SampleCard* card = m_waiting.take(ticket))
            card->hide(); // a sample that cannot be read is not offered
    });

    m_pictures = new DropZone(
        QStringLiteral("picture"), tr("Drop pictures here"),
        tr("PNG, JPEG, WebP, TIFF … or %1").arg(Shortcuts::text(Shortcut::Paste)), page);
    m_film = new DropZone(QStringLiteral("film"), tr("Drop a film here"),
                          tr("MP4, MKV, WebM, MOV … you choose the frames"), page);
    for (DropZone* zone : {m_pictures, m_film}) {
        connect(zone, &DropZone::dropped, this, &EmptyState::dropped);
        connect(zone, &DropZone::clicked, this,
                [this, zone] { emit filesRequested(zone == m_film); });
    }

    m_grid = new QGridLayout;
    m_grid->setSpacing(12);
    m_zones = new QGridLayout;
    m_zones->setSpacing(12);
    auto* column = new QVBoxLayout;
    column->setSpacing(0);
    column->addWidget(m_mark);
    column->addSpacing(10);
    column->addWidget(m_headline);
    column->addSpacing(4);
    column->addWidget(m_sentence);
    column->addSpacing(24);
    column->addLayout(m_grid);
    column->addSpacing(20);
    column->addLayout(m_zones);
    auto* frame = new QVBoxLayout(page);
    frame->setContentsMargins(20, 24, 20, 16);
    frame->addStretch(2);
    frame->addLayout(column);
    frame->addStretch(3);
    showSentence();
    showSight();
    arrange();
}

void EmptyState::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_model = model;
    m_loading = loading;
    showSentence();
    showSight();
}

/// What can be asked about where the model sees nothing is there, and grey.
void EmptyState::showSight()
{
    const bool pictures = !m_model || m_model->info.seesPictures;
    const bool films = !m_model || m_model->info.seesFilms;
    m_pictures->setEnabled(pictures);
    m_film->setEnabled(films);
    for (SampleCard* card : m_cards)
        card->setEnabled(card->sample().film ? films : pictures);
    m_headline->setText(pictures || films ? tr("Ask about a picture or a film")
                                          : tr("Ask a question"));
}

void EmptyState::showSentence()
{
    const QString link =
        QStringLiteral("<a href=\"model\" style=\"color:%1; text-decoration:none\">%2</a>")
            .arg(palette().color(QPalette::Link).name(), tr("open a larger one"));
    const QString open =
        QStringLiteral("<a href=\"model\" style=\"color:%1; text-decoration:none\">%2</a>")
            .arg(palette().color(QPalette::Link).name(), tr("open a model folder"));
    QString words;
    if (m_loading)
        words =
            tr("Nothing leaves this computer. The model is being loaded; you can write meanwhile.");
    else if (!m_model)
        //: %1 is a link, "open a model folder"
        words = tr("Nothing leaves this computer. To begin, %1.").arg(open);
    else if (!m_model->isLocal())
        //: names of a model and of the server it is on
        words =
            tr("Questions go to %1 on %2.")
                .arg(m_model->name().toHtmlEscaped(), displayName(m_model->server).toHtmlEscaped());
    else if (m_model->isPocket())
        //: %1 is a link, "open a larger one"
        words =
            tr("Nothing leaves this computer. The small pocket model is ready; %1 for photographs.")
                .arg(link);
    else
        words =
            tr("Nothing leaves this computer. %1 is ready.").arg(m_model->name().toHtmlEscaped());
    if (m_model && !m_loading && !m_model->info.seesPictures && !m_model->info.seesFilms)
        words += QLatin1Char(' ') +
                 tr("It reads and writes text; pictures and films need another model.");
    m_sentence->setText(words);
}

void EmptyState::setDropHot(bool hot)
{
    m_pictures->setHot(hot);
    m_film->setHot(hot);
}

void EmptyState::resizeEvent(QResizeEvent* event)
{
    QScrollArea::resizeEvent(event);
    arrange();
}

void EmptyState::changeEvent(QEvent* event)
{
    QScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_sentence)
        showSentence(); // the link carries its colour
}

void EmptyState::arrange()
{
    // The column is at most 760 wide; on a narrow window cards go two by two and the zones one
    // below the other.
    const int room = viewport()->width() - 40;
    const int side = std::max(0, (room - columnWidth) / 2);
    widget()->layout()->setContentsMargins(20 + side, 24, 20 + side, 16);
    const int cardWidth = fontMetrics().averageCharWidth() * 20;
    const int columns = room - 2 * side >= 4 * cardWidth ? 4 : 2;
    if (columns == m_columns)
        return;
    m_columns = columns;
    for (int i = 0; i < m_cards.size(); ++i)
        m_grid->addWidget(m_cards.at(i), i / columns, i % columns);
    for (int i = 0; i < 4; ++i)
        m_grid->setColumnStretch(i, i < columns ? 1 : 0);
    const bool beside = columns == 4;
    m_zones->addWidget(m_pictures, 0, 0);
    m_zones->addWidget(m_film, beside ? 0 : 1, beside ? 1 : 0);
    m_zones->setColumnStretch(0, 1);
    m_zones->setColumnStretch(1, beside ? 1 : 0);
}

} // namespace argali::gui
