<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>argali::gui::AdapterControl</name>
    <message numerus="yes">
        <source>%Ln adapter(s) of this model were not loaded. The menu of adapters says why.</source>
        <translation>
            <numerusform>%Ln adapter of this model was not loaded. The menu of adapters says why.</numerusform>
            <numerusform>%Ln adapters of this model were not loaded. The menu of adapters says why.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::Answer</name>
    <message numerus="yes">
        <source>%Ln token(s)</source>
        <translation>
            <numerusform>%Ln token</numerusform>
            <numerusform>%Ln tokens</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>about %Ln token(s)</source>
        <translation>
            <numerusform>about %Ln token</numerusform>
            <numerusform>about %Ln tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::AttachedFiles</name>
    <message numerus="yes">
        <source>A message takes at most %Ln file(s).</source>
        <translation>
            <numerusform>A message takes at most %Ln file.</numerusform>
            <numerusform>A message takes at most %Ln files.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::Comparison</name>
    <message numerus="yes">
        <source>What is attached goes along: %Ln file(s).</source>
        <translation>
            <numerusform>What is attached goes along: %Ln file.</numerusform>
            <numerusform>What is attached goes along: %Ln files.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::ConversationList</name>
    <message numerus="yes">
        <source>%Ln place(s) found</source>
        <translation>
            <numerusform>%Ln place found</numerusform>
            <numerusform>%Ln places found</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::Cost</name>
    <message numerus="yes">
        <source>%Ln frame(s) · %1</source>
        <translation>
            <numerusform>%Ln frame · %1</numerusform>
            <numerusform>%Ln frames · %1</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln visual token(s)</source>
        <translation>
            <numerusform>%Ln visual token</numerusform>
            <numerusform>%Ln visual tokens</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Original %1 · the model gets %2 in %Ln tile(s) · grid of %3 tokens · %4 in all</source>
        <translation>
            <numerusform>Original %1 · the model gets %2 in %Ln tile · grid of %3 tokens · %4 in all</numerusform>
            <numerusform>Original %1 · the model gets %2 in %Ln tiles · grid of %3 tokens · %4 in all</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::DevicesPage</name>
    <message numerus="yes">
        <source>%Ln thread(s)</source>
        <translation>
            <numerusform>%Ln thread</numerusform>
            <numerusform>%Ln threads</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::ExchangeControl</name>
    <message numerus="yes">
        <source>Exporting %Ln chat(s)</source>
        <translation>
            <numerusform>Exporting %Ln chat</numerusform>
            <numerusform>Exporting %Ln chats</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln chat(s) exported to %1.</source>
        <translation>
            <numerusform>%Ln chat exported to %1.</numerusform>
            <numerusform>%Ln chats exported to %1.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s) or film(s) were not there any more.</source>
        <translation>
            <numerusform>%Ln picture or film was not there any more.</numerusform>
            <numerusform>%Ln pictures or films were not there any more.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln chat(s) could not be read.</source>
        <translation>
            <numerusform>%Ln chat could not be read.</numerusform>
            <numerusform>%Ln chats could not be read.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Importing %Ln file(s)</source>
        <translation>
            <numerusform>Importing %Ln file</numerusform>
            <numerusform>Importing %Ln files</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln chat(s) imported.</source>
        <translation>
            <numerusform>%Ln chat imported.</numerusform>
            <numerusform>%Ln chats imported.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s) or film(s) were not found beside the file, or are not those that were sent.</source>
        <translation>
            <numerusform>%Ln picture or film was not found beside the file, or is not the one that was sent.</numerusform>
            <numerusform>%Ln pictures or films were not found beside the file, or are not those that were sent.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln film(s) are too large to be copied and are used where they lie.</source>
        <translation>
            <numerusform>%Ln film is too large to be copied and is used where it lies.</numerusform>
            <numerusform>%Ln films are too large to be copied and are used where they lie.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln place(s) in the file did not fit together and were mended.</source>
        <translation>
            <numerusform>%Ln place in the file did not fit together and was mended.</numerusform>
            <numerusform>%Ln places in the file did not fit together and were mended.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln file(s) were not imported.</source>
        <translation>
            <numerusform>%Ln file was not imported.</numerusform>
            <numerusform>%Ln files were not imported.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::ExportDialog</name>
    <message numerus="yes">
        <source>Export %Ln chat(s)</source>
        <translation>
            <numerusform>Export %Ln chat</numerusform>
            <numerusform>Export %Ln chats</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::FilmStrip</name>
    <message numerus="yes">
        <source>A film gives at most %Ln frame(s). Remove one first.</source>
        <translation>
            <numerusform>A film gives at most %Ln frame. Remove one first.</numerusform>
            <numerusform>A film gives at most %Ln frames. Remove one first.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::HtmlExport</name>
    <message numerus="yes">
        <source>%Ln question(s)</source>
        <translation>
            <numerusform>%Ln question</numerusform>
            <numerusform>%Ln questions</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::MarkdownExport</name>
    <message numerus="yes">
        <source>%Ln question(s)</source>
        <translation>
            <numerusform>%Ln question</numerusform>
            <numerusform>%Ln questions</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::MediaFile</name>
    <message numerus="yes">
        <source>%1 · %Ln frame(s)</source>
        <extracomment>length of a film and how many frames it has, &quot;00:08 · 240 frames&quot;</extracomment>
        <translation>
            <numerusform>%1 · %Ln frame</numerusform>
            <numerusform>%1 · %Ln frames</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::ModelAdapters</name>
    <message numerus="yes">
        <source>A model has at most %n adapter(s) here. Remove one that is not needed.</source>
        <translation>
            <numerusform>A model has at most %n adapter here. Remove one that is not needed.</numerusform>
            <numerusform>A model has at most %n adapters here. Remove one that is not needed.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::QuestionCost</name>
    <message numerus="yes">
        <source>%Ln picture(s) · %1 to send</source>
        <translation>
            <numerusform>%Ln picture · %1 to send</numerusform>
            <numerusform>%Ln pictures · %1 to send</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::RemoteFailure</name>
    <message numerus="yes">
        <source>%1 takes at most %n picture(s) or frames in one question. Choose fewer.</source>
        <translation>
            <numerusform>%1 takes at most %n picture or frame in one question. Choose fewer.</numerusform>
            <numerusform>%1 takes at most %n pictures or frames in one question. Choose fewer.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::ServerForm</name>
    <message numerus="yes">
        <source>Models: %1 and %Ln more</source>
        <translation>
            <numerusform>Models: %1 and %Ln more</numerusform>
            <numerusform>Models: %1 and %Ln more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::ServingControl</name>
    <message numerus="yes">
        <source>%Ln request(s) to the model that is served are not answered yet. Closing the window stops them, and the server.</source>
        <translation>
            <numerusform>%Ln request to the model that is served is not answered yet. Closing the window stops it, and the server.</numerusform>
            <numerusform>%Ln requests to the model that is served are not answered yet. Closing the window stops them, and the server.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::ServingWords</name>
    <message numerus="yes">
        <source>Serving, %Ln request(s)</source>
        <translation>
            <numerusform>Serving, %Ln request</numerusform>
            <numerusform>Serving, %Ln requests</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::StatusLine</name>
    <message numerus="yes">
        <source>Answering, %Ln token(s)</source>
        <translation>
            <numerusform>Answering, %Ln token</numerusform>
            <numerusform>Answering, %Ln tokens</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln thread(s)</source>
        <translation>
            <numerusform>%Ln thread</numerusform>
            <numerusform>%Ln threads</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::TranscriptTurn</name>
    <message numerus="yes">
        <source>%n token(s)</source>
        <translation>
            <numerusform>%n token</numerusform>
            <numerusform>%n tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::Turn</name>
    <message numerus="yes">
        <source>from %Ln picture(s)</source>
        <translation>
            <numerusform>from %Ln picture</numerusform>
            <numerusform>from %Ln pictures</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>from %Ln frame(s)</source>
        <translation>
            <numerusform>from %Ln frame</numerusform>
            <numerusform>from %Ln frames</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::TurnWords</name>
    <message numerus="yes">
        <source>Thinking · %Ln token(s)</source>
        <translation>
            <numerusform>Thinking · %Ln token</numerusform>
            <numerusform>Thinking · %Ln tokens</numerusform>
        </translation>
    </message>
</context>
</TS>
