#include "gui/models/shownmodel.h"

#include <QFileInfo>

#include "gui/chat/chatwidget.h"
#include "gui/displayname.h"
#include "gui/models/modelchooser.h"
#include "gui/remote/serverbook.h"
#include "gui/remote/sourcechoice.h"
#include "gui/settings/samplingpanel.h"
#include "gui/statusline.h"
#include "gui/widgets/segmentedcontrol.h"

namespace argali::gui {

ShownModel::ShownModel(const Views& views, Settings& settings, SourceChoice* sources,
                       QObject* parent)
    : QObject(parent), m_views(views), m_settings(settings), m_sources(sources)
{
    if (sources)
        connect(sources, &SourceChoice::changed, this, &ShownModel::present);
}

/// Who answers: the model of this computer, which may be on its way, or one of a server.
void ShownModel::present()
{
    const bool isLocal = !m_sources || m_sources->isLocal();
    const std::optional<LoadedModel> model = isLocal ? m_model : m_sources->remoteModel();
    const bool isLoading = isLocal && m_loading;
    if (m_views.place)
        m_views.place->setCurrentIndex(isLocal ? 0 : 1);
    m_views.status.setModel(model, isLoading);
    m_views.status.setConnection(
        isLocal ? nullptr : ServerBook::of(m_settings).find(m_sources->connectedServer()));
    m_views.chooser.setModel(model, isLoading ? m_loading : std::nullopt);
    if (!isLoading)
        m_views.panel.setModel(model);
    m_views.chat.setModel(model, isLoading);
}

void ShownModel::showLoading(const QString& folder)
{
    m_loading = folder;
    m_failure.reset();
    m_views.status.setIdle();
    m_views.status.setProgress({Progress::Phase::Loading, 0, 0});
    present();
    emit changed();
}

void ShownModel::showProgress(const Progress& progress)
{
    if (m_loading)
        m_views.status.setProgress(progress);
}

void ShownModel::show(const std::optional<LoadedModel>& model)
{
    m_model = model;
    m_loading.reset();
    m_failure.reset();
    m_views.status.setIdle();
    present();
    if (model && !model->missingDevice.isEmpty())
        m_views.status.setMessage(
            tr("The device %1 that was chosen is not here. The model runs on %2.")
                .arg(model->missingDevice, model->device),
            true);
    emit changed();
}

void ShownModel::setAdapters(const QList<LoadedAdapter>& adapters)
{
    if (!m_model)
        return;
    m_model->adapters = adapters;
    present();
    emit changed();
}

void ShownModel::showFailure(const QString& folder, const Failure& failure, bool modelKept)
{
    show(modelKept ? m_model : std::nullopt);
    m_failure = {folder, failure, modelKept};
    const QString name =
        folder.isEmpty() ? tr("The pocket model") : displayName(QFileInfo(folder).fileName());
    //: name of a model, and why it does not open
    m_views.status.setMessage(tr("%1 was not opened. %2").arg(name, failure.sentence()), true);
    m_views.status.setDetails(failure.details());
    emit failed(m_views.status.phaseText());
}

void ShownModel::showStopped(bool modelKept)
{
    show(modelKept ? m_model : std::nullopt);
    m_views.status.setMessage(tr("Loading was stopped."));
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
