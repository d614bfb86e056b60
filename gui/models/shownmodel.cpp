#include "gui/models/shownmodel.h"

#include <QFileInfo>

#include "gui/chat/chatwidget.h"
#include "gui/displayname.h"
#include "gui/models/modelchooser.h"
#include "gui/settings/samplingpanel.h"
#include "gui/statusline.h"

namespace argali::gui {

ShownModel::ShownModel(StatusLine& status, ModelChooser& chooser, ChatWidget& chat,
                       SamplingPanel& panel, QObject* parent)
    : QObject(parent), m_status(status), m_chooser(chooser), m_chat(chat), m_panel(panel)
{
}

void ShownModel::showLoading(const QString& folder)
{
    m_loading = folder;
    m_failure.reset();
    m_status.setIdle();
    m_status.setProgress({Progress::Phase::Loading, 0, 0});
    m_status.setModel(m_model, true);
    m_chooser.setModel(m_model, m_loading);
    m_chat.setModel(m_model, true);
    emit changed();
}

void ShownModel::showProgress(const Progress& progress)
{
    if (m_loading)
        m_status.setProgress(progress);
}

void ShownModel::show(const std::optional<LoadedModel>& model)
{
    m_model = model;
    m_loading.reset();
    m_failure.reset();
    m_status.setIdle();
    m_status.setModel(model, false);
    m_chooser.setModel(model, std::nullopt);
    m_panel.setModel(model);
    if (model && !model->missingDevice.isEmpty())
        m_status.setMessage(tr("The device %1 that was chosen is not here. The model runs on %2.")
                                .arg(model->missingDevice, model->device),
                            true);
    emit changed();
    m_chat.setModel(model, false);
}

void ShownModel::showFailure(const QString& folder, const Failure& failure, bool modelKept)
{
    show(modelKept ? m_model : std::nullopt);
    m_failure = {folder, failure, modelKept};
    const QString name =
        folder.isEmpty() ? tr("The pocket model") : displayName(QFileInfo(folder).fileName());
    //: name of a model, and why it does not open
    m_status.setMessage(tr("%1 was not opened. %2").arg(name, failure.sentence()), true);
    m_status.setDetails(failure.details());
    emit failed(m_status.phaseText());
}

void ShownModel::showStopped(bool modelKept)
{
    show(modelKept ? m_model : std::nullopt);
    m_status.setMessage(tr("Loading was stopped."));
}

void ShownModel::takeOver(const ShownModel& old)
{
    m_model = old.m_model;
    if (old.m_loading)
        showLoading(*old.m_loading);
    else if (old.m_failure)
        showFailure(old.m_failure->folder, old.m_failure->failure, old.m_failure->modelKept);
    else
        show(old.m_model);
}

} // namespace argali::gui
