#include "gui/chat/pictureviewer.h"

#include <QFile>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QPointer>
#include <QThreadPool>
#include <QVBoxLayout>

#include "engine/log.h"
#include "engine/media/mediareader.h"
#include "gui/chat/picturecanvas.h"
#include "gui/failure.h"
#include "gui/shortcuts.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {
namespace {

constexpr double keyZoom = 1.25;
constexpr double keyMove = 80; // pixels

QImage toImage(const Image& image)
{
    const QImage view(image.pixels().data(), image.width(), image.height(), 3 * image.width(),
                      QImage::Format_RGB888);
    return view.convertToFormat(QImage::Format_RGB32);
}

} // namespace

PictureViewer::PictureViewer(QWidget* parent)
    : QDialog(parent),
      m_canvas(new PictureCanvas(this)),
      m_name(new ElidedLabel({}, this)),
      m_place(new QLabel(this)),
      m_back(new Button(Button::Kind::Ghost, QStringLiteral("chevron-left"), {}, this)),
      m_next(new Button(Button::Kind::Ghost, QStringLiteral("chevron-right"), {}, this)),
      m_fit(new Button(Button::Kind::Ghost, {}, {}, this)),
      m_actual(new Button(Button::Kind::Ghost, {}, {}, this))
{
    m_place->setTextFormat(Qt::PlainText);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 8, 12, 8);
    row->addWidget(m_back);
    row->addWidget(m_place);
    row->addWidget(m_next);
    row->addSpacing(8);
    row->addWidget(m_name, 1);
    row->addWidget(m_fit);
    row->addWidget(m_actual);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_canvas, 1);
    column->addLayout(row);
    connect(m_back, &Button::clicked, this, [this] { go(-1); });
    connect(m_next, &Button::clicked, this, [this] { go(1); });
    connect(m_fit, &Button::clicked, m_canvas, &PictureCanvas::fit);
    connect(m_actual, &Button::clicked, m_canvas, &PictureCanvas::showPixels);
    m_canvas->setFocus();
    resize(parent ? parent->size() * 0.8 : QSize(960, 640));
    showNames();
}

PictureViewer::~PictureViewer()
{
    m_stop.request_stop();
}

void PictureViewer::showNames()
{
    setWindowTitle(tr("Picture"));
    m_canvas->setAccessibleName(tr("Picture"));
    const auto name = [](Button* button, const QString& words, Shortcut id) {
        button->setToolTip(Shortcuts::tip(words, id));
        button->setAccessibleName(words);
    };
    name(m_back, tr("Earlier picture"), Shortcut::ViewerLeft);
    name(m_next, tr("Later picture"), Shortcut::ViewerRight);
    m_fit->setText(tr("Fit"));
    name(m_fit, tr("Fit the picture to the window"), Shortcut::ViewerFit);
    m_actual->setText(tr("Actual size"));
    name(m_actual, tr("Show the picture's own pixels"), Shortcut::ViewerPixels);
}

void PictureViewer::setPictures(const QList<Picture>& pictures, int index)
{
    m_pictures = pictures;
    m_index = -1;
    const bool several = pictures.size() > 1;
    for (QWidget* widget : {static_cast<QWidget*>(m_back), static_cast<QWidget*>(m_next),
                            static_cast<QWidget*>(m_place)})
        widget->setVisible(several);
    if (index >= 0 && index < pictures.size()) {
        m_index = index;
        load();
    }
}

void PictureViewer::setMark(const std::optional<QRectF>& place, const QString& name)
{
    m_canvas->setMark(place, name);
}

void PictureViewer::go(int step)
{
    const int index = m_index + step;
    if (index < 0 || index >= m_pictures.size())
        return;
    m_index = index;
    m_canvas->setMark(std::nullopt, {});
    load();
}

/// The thumbnail at once, the file when it is read; one that was left before is given up.
void PictureViewer::load()
{
    const Picture& picture = m_pictures[m_index];
    m_name->setText(picture.name);
    m_place->setText(QStringLiteral("%1 / %2").arg(
        locale().toString(m_index + 1), locale().toString(qlonglong(m_pictures.size()))));
    m_back->setEnabled(m_index > 0);
    m_next->setEnabled(m_index + 1 < m_pictures.size());
    m_canvas->setImage(picture.thumbnail, {}, false);
    m_stop.request_stop();
    m_stop = std::stop_source();
    const QPointer<PictureViewer> self(this);
    QThreadPool::globalInstance()->start(
        [self, ticket = ++m_ticket, path = picture.path, stop = m_stop.get_token(), app = qApp] {
            QImage image;
            QString problem;
            try {
                const Image read =
                    readPicture(std::filesystem::path(QFile::encodeName(path).toStdString()),
                                Orientation::Upright, stop);
                if (!read.isEmpty())
                    image = toImage(read);
            } catch (const std::exception& e) {
                log(LogLevel::Warning, std::string("a picture does not open: ") + e.what());
                problem = Failure::from(e).sentence();
            }
            QMetaObject::invokeMethod(app, [self, ticket, image, problem] {
                if (!self || ticket != self->m_ticket)
                    return;
                if (!image.isNull()) {
                    self->m_canvas->setImage(image, image.size(), true);
                    emit self->loaded();
                } else if (!problem.isEmpty()) {
                    self->m_name->setText(problem);
                    emit self->failed(problem);
                }
            });
        });
}

void PictureViewer::keyPressEvent(QKeyEvent* event)
{
    const auto is = [event](Shortcut id) { return Shortcuts::matches(*event, id); };
    if (is(Shortcut::ViewerLeft))
        go(-1);
    else if (is(Shortcut::ViewerRight))
        go(1);
    else if (is(Shortcut::ViewerUp))
        m_canvas->moveBy({0, keyMove});
    else if (is(Shortcut::ViewerDown))
        m_canvas->moveBy({0, -keyMove});
    else if (is(Shortcut::ViewerZoomIn))
        m_canvas->zoomBy(keyZoom);
    else if (is(Shortcut::ViewerZoomOut))
        m_canvas->zoomBy(1 / keyZoom);
    else if (is(Shortcut::ViewerFit))
        m_canvas->fit();
    else if (is(Shortcut::ViewerPixels))
        m_canvas->showPixels();
    else
        QDialog::keyPressEvent(event); // Esc closes
}

void PictureViewer::changeEvent(QEvent* event)
{
    QDialog::changeEvent(event);
    if (event->type() == QEvent::LanguageChange)
        showNames();
}

} // namespace argali::gui
