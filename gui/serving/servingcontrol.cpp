#include "gui/serving/servingcontrol.h"

#include <QGuiApplication>
#include <QMessageBox>
#include <QPushButton>

#include "gui/displayname.h"
#include "gui/models/modelchooser.h"
#include "gui/serving/servedialog.h"
#include "gui/serving/serverprocess.h"
#include "gui/serving/servingwords.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"

namespace argali::gui {

ServingControl::ServingControl(const Parts& parts, QWidget* window)
    : QObject(window),
      m_parts(parts),
      m_window(window),
      m_label(new Button(Button::Kind::Ghost, {}, {}, &parts.status))
{
    m_label->setFont(scaledFont(window->font(), 0.9));
    m_label->setFixedHeight(m_label->fontMetrics().height() + 4); // no higher than its line
    parts.status.addNotice(m_label);
    parts.chooser.offerServing();
    connect(m_label, &Button::clicked, this, &ServingControl::open);
    connect(&parts.chooser, &ModelChooser::serveRequested, this, &ServingControl::open);
    connect(&parts.server, &ServerProcess::changed, this, &ServingControl::showState);
    connect(&parts.server, &ServerProcess::requestsChanged, this, &ServingControl::showState);
    showState();
}

ServeDialog* ServingControl::dialog() const
{
    return m_dialog;
}

QMessageBox* ServingControl::question() const
{
    return m_question;
}

void ServingControl::make()
{
    if (m_dialog)
        return;
    m_dialog = new ServeDialog(m_parts.server, m_parts.settings, m_window);
    m_dialog->setModel(m_model, m_isLoading);
}

void ServingControl::open()
{
    make();
    m_dialog->show();
    m_dialog->raise();
    m_dialog->activateWindow();
}

void ServingControl::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_model = model;
    m_isLoading = loading;
    if (m_dialog)
        m_dialog->setModel(model, loading);
}

void ServingControl::takeOver(const ServingControl& old)
{
    if (!old.m_dialog)
        return; // there is nothing typed
    make();
    m_dialog->takeOver(*old.m_dialog);
    if (old.m_dialog->isVisible())
        open();
}

void ServingControl::showState()
{
    const QString words = shortServingSentence(m_parts.server);
    const QString whole = servingSentence(m_parts.server);
    m_label->setVisible(!words.isEmpty());
    m_label->setText(words);
    m_label->setAccessibleName(words);
    m_label->setAccessibleDescription(whole);
    m_label->setToolTip(plainToolTip(whole));
}

bool ServingControl::mayClose()
{
    const int requests = int(m_parts.server.requests().size());
    if (m_mayClose || requests == 0 || !m_parts.server.isOn() || qGuiApp->isSavingSession())
        return true;
    if (m_question)
        return false;
    m_question = new QMessageBox(
        QMessageBox::NoIcon, tr("Close Argali"),
        tr("%Ln request(s) to the model that is served are not answered yet. Closing the window "
           "stops them, and the server.",
           nullptr, requests),
        QMessageBox::Cancel, m_window);
    m_question->setAttribute(Qt::WA_DeleteOnClose);
    m_question->setTextFormat(Qt::PlainText);
    QPushButton* close = m_question->addButton(tr("Close"), QMessageBox::AcceptRole);
    connect(close, &QPushButton::clicked, this, [this] {
        m_mayClose = true;
        m_window->close();
    });
    m_question->open();
    return false;
}

} // namespace argali::gui
