<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>argali::gui::Answer</name>
    <message numerus="yes">
        <source>%Ln token(s)</source>
        <translation>
            <numerusform>%Ln token</numerusform>
            <numerusform>%Ln tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::Composer</name>
    <message numerus="yes">
        <source>A message takes at most %Ln file(s).</source>
        <translation>
            <numerusform>A message takes at most %Ln file.</numerusform>
            <numerusform>A message takes at most %Ln files.</numerusform>
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
</TS>
