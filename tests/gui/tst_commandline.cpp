#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include "gui/commandline.h"

using namespace argali::gui;

class TestCommandLine final : public QObject {
    Q_OBJECT
private:
    static CommandLine read(const QStringList& arguments)
    {
        return CommandLine::read(QStringList{QStringLiteral("argali")} + arguments);
    }

private slots:
    void foldersAreModels()
    {
        QTemporaryDir dir;
        const QString folder = dir.filePath(QStringLiteral("Ovis2.5-2B"));
        QVERIFY(QDir().mkdir(folder));
        QCOMPARE(read({folder}).modelFolder, folder);
        // One that is not there is a model, too: opening it says what is missing.
        QCOMPARE(read({dir.filePath(QStringLiteral("Ovis2.5-9B"))}).modelFolder,
                 dir.filePath(QStringLiteral("Ovis2.5-9B")));
        // Whatever a folder is called.
        QVERIFY(QDir().mkdir(dir.filePath(QStringLiteral("model.png"))));
        QVERIFY(read({dir.filePath(QStringLiteral("model.png"))}).files.isEmpty());
        QVERIFY(!read({folder, dir.path()}).error.isEmpty());
    }

    void filesAreAttached()
    {
        QTemporaryDir dir;
        QFile file(dir.filePath(QStringLiteral("picture without an ending")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const QString mistyped = dir.filePath(QStringLiteral("mistyped 图.PNG"));
        const QString film = dir.filePath(QStringLiteral("100%25.mkv"));
        const CommandLine line = read({file.fileName(), mistyped, dir.path(), film});
        QCOMPARE(line.error, QString());
        QCOMPARE(line.files, (QStringList{file.fileName(), mistyped, film}));
        QCOMPARE(line.modelFolder, dir.path());
    }

    void options()
    {
        QVERIFY(read({}).error.isEmpty());
        QVERIFY(read({QStringLiteral("--help")}).wantsHelp);
        QVERIFY(read({QStringLiteral("--version")}).wantsVersion);
        QVERIFY(read({QStringLiteral("--trace-start")}).trace);
        QVERIFY(!read({}).separate);
        QVERIFY(read({QStringLiteral("--new-window")}).separate);
        QVERIFY(read({QStringLiteral("--separate")}).separate);
        QCOMPARE(read({QStringLiteral("--shots"), QStringLiteral("x")}).shotsFolder,
                 QStringLiteral("x"));
        QVERIFY(!read({QStringLiteral("--abacus")}).error.isEmpty());
        QCOMPARE(read({QStringLiteral("--"), QStringLiteral("-a.png")}).files.size(), 1);
    }
};

QTEST_GUILESS_MAIN(TestCommandLine)
#include "tst_commandline.moc"
