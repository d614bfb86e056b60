#include "gui/settings/settings.h"

#include <QDir>
#include <QFile>
#include <QRandomGenerator>
#include <QStandardPaths>

namespace argali::gui {
namespace {

QString userFile()
{
    return QDir(QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation))
        .filePath(QStringLiteral("argali/argali.ini"));
}

} // namespace

Settings::Settings(const QString& fileName, QObject* parent)
    : QObject(parent), m_store(fileName.isEmpty() ? userFile() : fileName, QSettings::IniFormat)
{
}

bool Settings::clear()
{
    const QStringList keys = m_store.allKeys();
    m_store.clear();
    m_store.sync();
    const bool gone = QFile::remove(fileName()) || !QFile::exists(fileName());
    for (const QString& key : keys)
        emit changed(key.toLatin1());
    return gone;
}

AnswerOptions AnswerOptions::from(const Settings& store)
{
    AnswerOptions options;
    options.sampling.enabled = store.value(settings::sampling);
    options.sampling.temperature = float(store.value(settings::temperature));
    options.sampling.topP = float(store.value(settings::topP));
    options.sampling.topK = store.value(settings::topK);
    options.sampling.minP = float(store.value(settings::minP));
    options.sampling.repetitionPenalty = float(store.value(settings::repetitionPenalty));
    const int seed = store.value(settings::seed);
    options.sampling.seed = seed ? uint64_t(seed) : QRandomGenerator::global()->generate64();
    options.thinking = store.value(settings::thinking);
    options.thinkingBudget = store.value(settings::thinkingBudget);
    // The panel holds the two together; a file edited by hand may not.
    options.longestAnswer =
        std::max(store.value(settings::longestAnswer), options.thinkingBudget + answerReserve);
    options.systemPrompt = store.value(settings::systemPrompt);
    options.tellTimes = store.value(settings::tellTimes);
    return options;
}

} // namespace argali::gui
