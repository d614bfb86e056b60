#include <chrono>
#include <csignal>
#include <thread>

#include "engine/checkpoint/json.h"
#include "engine/cli/adapteroptions.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/output.h"
#include "engine/cli/standardinput.h"
#include "engine/cli/upstreamoptions.h"
#include "engine/error.h"
#include "engine/log.h"
#include "engine/server/api.h"
#include "engine/server/upstreamset.h"

namespace argali::cli {

namespace {

using namespace std::chrono_literals;

/// "[NAME=]MODEL". A folder may have the sign in its own name.
server::ModelSet::Entry entryOf(const std::string& word)
{
    const size_t sign = word.find('=');
    std::error_code ignored; // what is there is looked at below
    const bool isNamed = sign != std::string::npos && !std::filesystem::exists(word, ignored);
    const std::string path = isNamed ? word.substr(sign + 1) : word;
    if (isNamed && sign == 0)
        throw UsageError("-m NAME=MODEL needs a name before the '=': " + inQuotes(word));
    return {isNamed ? word.substr(0, sign) : std::string(),
            requireModel(path, "give -m the folder of a model, or NAME=FOLDER")};
}

std::string readKey(const Arguments& arguments)
{
    if (const auto file = arguments.text("--api-key-file"))
        return *file == "-" ? readKeyLine("--api-key-file -")
                            : readKeyFile(*file, "--api-key-file");
    return takeKey("ARGALI_API_KEY");
}

bool isLoopback(const std::string& host)
{
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void printUpstreams(const server::UpstreamSet& upstreams)
{
    for (const server::Upstream& upstream : upstreams.settings().upstreams)
        note("  upstream " + upstream.name + ": " + upstream.url.text() + ", weight " +
             numberText(upstream.weight, 2) + (upstream.key.isEmpty() ? "" : ", with a key"));
    for (const auto& state : upstreams.states())
        if (!state.status.isUsable())
            note("  upstream " + state.name + " cannot be asked now; it is looked at again");
    for (const auto& listed : upstreams.models()) {
        std::string names;
        for (const std::string& name : listed.upstreams)
            names += (names.empty() ? "" : ", ") + name;
        note("  " + listed.id + ": at " + names);
    }
}

void printStart(const server::HttpServer& server, const server::ModelSet& models,
                const server::UpstreamSet* upstreams, bool hasKey)
{
    note("serving at http://" + server.address() + (hasKey ? ", with an API key" : ""));
    for (const auto& host : models.hosts())
        note("  " + host->name() + ": " + describe(host->info()) + ", " + host->folder().string());
    if (const std::string memory = models.memoryNote(); !memory.empty())
        note("  " + memory);
    if (upstreams)
        printUpstreams(*upstreams);
    for (const auto& route : server::Api::routes()) {
        std::string line = std::string("  ") + route.method;
        line.resize(std::max<size_t>(line.size() + 1, 7), ' ');
        line += route.path;
        line.resize(std::max<size_t>(line.size() + 1, 32), ' ');
        note(line + route.does);
    }
}

/// Until Ctrl+C; then what is under way is finished, unless it comes again. byInput: the end of
/// standard input stops everything at once.
int serveUntilInterrupted(server::HttpServer& server, server::ModelSet& models,
                          const server::UpstreamSet* upstreams, bool byInput)
{
    const auto isIdle = [&] { return models.isIdle() && (!upstreams || upstreams->isIdle()); };
    const auto isLeft = [byInput] { return byInput && hasInputEnded(); };
    {
        const Interruptible work;
        while (!work.stopped() && !isLeft())
            std::this_thread::sleep_for(50ms);
    }
    const Interruptible hurry;
    const auto isHurried = [&] { return hurry.stopped() || isLeft(); };
    server.finish();
    models.close();
    if (!isHurried() && !isIdle())
        note("finishing the answers that are under way; Ctrl+C again stops them");
    while (!isHurried() && !isIdle())
        std::this_thread::sleep_for(20ms);
    // What was written last still leaves.
    for (int i = 0; i < 50 && !isHurried() && server.connections() > 0; ++i)
        std::this_thread::sleep_for(20ms);
    return isHurried() ? statusInterrupted : statusDone;
}

std::unique_ptr<server::UpstreamSet> openUpstreams(const Arguments& arguments,
                                                   std::vector<server::Upstream> upstreams,
                                                   const server::ModelSet& models)
{
    const auto limit = arguments.integer("--upstream-timeout", 1, 86'400);
    if (upstreams.empty()) {
        if (limit || arguments.has("--upstream-key-file"))
            throw UsageError("--upstream-timeout and --upstream-key-file need an --upstream");
        return nullptr;
    }
    server::UpstreamSet::Settings settings;
    settings.upstreams = std::move(upstreams);
    settings.version = ARGALI_VERSION;
    if (limit)
        settings.silence = std::chrono::seconds(*limit);
    for (const auto& host : models.hosts())
        settings.ownModels.insert(host->name());
    auto set = std::make_unique<server::UpstreamSet>(std::move(settings));
    set->waitForFirstLook(3s); // so that the list at the start is whole; who is late comes later
    return set;
}

int run(const Arguments& arguments)
{
    arguments.requireRest(0, 0, "");
    server::ModelSet::Settings settings;
    settings.open.device = deviceOption(arguments);
    settings.open.dtype = dtypeOption(arguments);
    settings.open.context = arguments.integer("--context", 1, 1'000'000).value_or(0);
    settings.queue = size_t(arguments.integer("--queue", 0, 100'000).value_or(64));
    settings.idle =
        std::chrono::seconds(arguments.integer("--idle-unload", 1, 31'000'000).value_or(0));
    server::HttpServer::Options http;
    http.host = arguments.text("--host").value_or("127.0.0.1");
    http.port = uint16_t(arguments.integer("--port", 0, 65535).value_or(8000));
    http.errorAnswer = server::protocolAnswer;
    server::Api::Settings api;
    api.key = readKey(arguments);
    api.origins = arguments.texts("--cors");
    api.version = ARGALI_VERSION;
    api.bodyBytes = http.limits.bodyBytes;
    if (arguments.has("--allow-fetch"))
        api.fetch.emplace();
    if (!isLoopback(http.host) && api.key.empty())
        throw UsageError("--host " + http.host +
                         " lets other machines in, which needs an API key: "
                         "--api-key-file FILE, or ARGALI_API_KEY in the environment");
    for (const std::string& word : arguments.texts("--model"))
        settings.models.push_back(entryOf(word));
    std::vector<server::Upstream> others = upstreamOptions(arguments);
    if (settings.models.empty() && others.empty())
        settings.models.push_back({"pocket", pocketFolder() / "model"});
    settings.open.adapters = adapterOptions(arguments);
    if (!settings.open.adapters.empty() && settings.models.size() != 1)
        throw UsageError("--adapter goes with one model, given as -m");

    server::ModelSet models(settings);
    const auto upstreams = openUpstreams(arguments, std::move(others), models);
    server::Api routes(api, models, upstreams.get());
    server::HttpServer server(
        http, [&routes](server::HttpRequest request, std::shared_ptr<server::HttpReply> reply) {
            routes.handle(std::move(request), std::move(reply));
        });
    routes.setConnectionCount([&server] { return server.connections(); });
    const bool byInput = arguments.has("--until-input-ends");
    if (byInput) // who reads what is noted goes with it
        std::signal(SIGPIPE, SIG_IGN);
    // What goes wrong from here on is no reason to end, and whoever looks after the server reads
    // it.
    setLogSink([](LogLevel level, std::string_view message) {
        if (level == LogLevel::Warning)
            note("warning: " + std::string(message));
    });
    showWarnings();
    if (!models.hosts().empty())
        models.hosts().front()->load(); // the others when they are asked
    printStart(server, models, upstreams.get(), !api.key.empty());
    return serveUntilInterrupted(server, models, upstreams.get(), byInput);
}

} // namespace

const Command& serveCommand()
{
    static const Command command = [] {
        Command c = {.name = "serve",
                     .summary =
                         "an OpenAI-compatible server for one model or several, and a router",
                     .help =
                         R"(usage: argali-cli serve [-m [NAME=]MODEL]... [OPTIONS]

Answers requests of OpenAI's kind over HTTP: chat with text, pictures and films, thinking,
streams. The list of paths is printed at the start. One answer at a time for each model;
the rest waits in order. Ctrl+C finishes what is under way; a second one stops it.

What to serve
  -m, --model [NAME=]MODEL
                        checkpoint folder, and the name that clients call it by; may be
                        repeated; default: the model that comes with the program. The first
                        is loaded at the start, the others when they are asked
  --adapter DIR         a LoRA, projector or prefix to the model, which has to be the only one; may
                        be repeated. Clients call the model with it NAME+ADAPTER, where ADAPTER
                        is the name of its folder or file; the weights are in memory once
  --adapter-alpha text=N,vision=N
                        of the training script, for a .pth file that does not hold them
  --queue N             requests that may wait for each model; more get 429; default 64
  --allow-fetch         fetch pictures and films that requests name by http or https address, from
                        public addresses only; without it they must come as data URLs
  --idle-unload SECONDS free the memory of a model that was not asked for so long

Other servers, to which requests are passed on
  --upstream NAME=URL[,weight=W]
                        an OpenAI-style server, http or https; may be repeated, and beside -m.
                        Its models join the list. A model that several have is one model: each
                        request goes to one of them by chance, as often as the weights say
                        (default 1), and to another when that one fails before anything of the
                        answer has come. NAME/MODEL asks just that one; it is also how a model
                        is listed whose name is that of one of our own
  --upstream-key-file NAME=FILE
                        the key that this server wants; also from ARGALI_UPSTREAM_KEY_NAME, in
                        upper case and with _ for other signs. Keys of clients are not passed on
  --upstream-timeout SECONDS
                        give up one that says nothing for so long; default 300

Where
  --host H              address to listen at; default 127.0.0.1. Any that other machines can
                        reach needs a key
  --port P              default 8000; 0: one that is free
  --api-key-file FILE   clients must send this key; also from ARGALI_API_KEY. Never an
                        argument, which everybody on this machine can read. With - it is the
                        first line of standard input
  --cors ORIGIN         let pages of this origin ask, as https://example.org; may be repeated

How it ends
  --until-input-ends    stop at once when standard input ends, so that a program that starts the
                        server never leaves it behind

Where to compute
  --device auto|cpu|cuda[:N[,N...]]
  --dtype auto|f32|bf16|f16|int8|int4
  --context N           positions to keep memory for

Examples:
  argali-cli serve
  argali-cli serve -m ovis=Ovis2.5-2B -m small=Ovis2.5-tiny --port 8080
  argali-cli serve --upstream a=http://rack1:8000,weight=3 --upstream b=http://rack2:8000
)",
                     .options = computeOptions(),
                     .run = run};
        c.options.insert(
            c.options.end(),
            {{.name = "--model", .value = "[NAME=]MODEL", .letter = 'm', .repeatable = true},
             {.name = "--context", .value = "N"},
             {.name = "--host", .value = "H"},
             {.name = "--port", .value = "P"},
             {.name = "--api-key-file", .value = "FILE"},
             {.name = "--queue", .value = "N"},
             {.name = "--upstream", .value = "NAME=URL[,weight=W]", .repeatable = true},
             {.name = "--upstream-key-file", .value = "NAME=FILE", .repeatable = true},
             {.name = "--upstream-timeout", .value = "SECONDS"},
             {.name = "--allow-fetch"},
             {.name = "--cors", .value = "ORIGIN", .repeatable = true},
             {.name = "--idle-unload", .value = "SECONDS"},
             {.name = "--until-input-ends"}});
        for (const Option& option : adapterOptionList())
            c.options.push_back(option);
        return c;
    }();
    return command;
}

} // namespace argali::cli
