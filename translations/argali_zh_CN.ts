<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>argali::gui::AbilityList</name>
    <message>
        <source>Yes, as the server says</source>
        <translation>能（服务器所述）</translation>
    </message>
    <message>
        <source>Not as one file, as the server says; its key frames go</source>
        <translation>服务器称不能作为单个文件发送；改为发送关键帧</translation>
    </message>
    <message>
        <source>No, as the server says</source>
        <translation>不能（服务器所述）</translation>
    </message>
    <message>
        <source>Ask it</source>
        <translation>询问模型</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Sees pictures</source>
        <translation>能看图像</translation>
    </message>
    <message>
        <source>Takes films</source>
        <translation>能看视频</translation>
    </message>
    <message>
        <source>Can think</source>
        <translation>能思考</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>能</translation>
    </message>
    <message>
        <source>No</source>
        <translation>不能</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <extracomment>an ability of a model, and one of Not known, Yes, No</extracomment>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>Sends a picture of 2 x 2 pixels to the model, and looks whether it is taken</source>
        <translation>向模型发送一张 2 x 2 像素的图像，看它是否接受</translation>
    </message>
    <message>
        <source>Argali remembers this of %1 models of a server, and has no room for more.</source>
        <translation>Argali 最多为一台服务器的 %1 个模型记住这一点，无法再记更多。</translation>
    </message>
    <message>
        <source>The key of this server is still being looked up. Ask in a moment.</source>
        <translation>仍在查找此服务器的密钥。请稍后再询问。</translation>
    </message>
    <message>
        <source>Asking the model with a tiny picture: %1 s</source>
        <extracomment>a number of seconds</extracomment>
        <translation>正在用一张很小的图像询问模型：%1 秒</translation>
    </message>
    <message>
        <source>%1 sees pictures: it took the tiny one.</source>
        <translation>%1 能看图像：它接受了那张小图。</translation>
    </message>
    <message>
        <source>%1 does not see pictures: the tiny one was refused.</source>
        <translation>%1 不能看图像：那张小图被拒绝了。</translation>
    </message>
    <message>
        <source>Stopped; it is not known any better than before.</source>
        <translation>已停止；情况仍不明确。</translation>
    </message>
    <message>
        <source>It could not be found out. %1</source>
        <extracomment>%1: a whole sentence that says what went wrong</extracomment>
        <translation>未能查明。%1</translation>
    </message>
</context>
<context>
    <name>argali::gui::AboutPage</name>
    <message>
        <source>Chat about pictures and films, on this computer.</source>
        <translation>在本机上就图像和视频进行对话。</translation>
    </message>
    <message>
        <source>Argali is free software under the Apache License, version 2.0.</source>
        <translation>Argali 是自由软件，采用 Apache 许可证 2.0 版。</translation>
    </message>
    <message>
        <source>Built on</source>
        <translation>所用的库</translation>
    </message>
    <message>
        <source>Each of these has a licence of its own, which comes with it:</source>
        <translation>它们各有自己的许可证，随其一同提供：</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>This session has no log file.</source>
        <translation>本次运行没有日志文件。</translation>
    </message>
    <message>
        <source>What went wrong stands here; never what you wrote or were answered.</source>
        <translation>出错的情况记在这里，绝不记录您写的内容或得到的回答。</translation>
    </message>
    <message>
        <source>Log file</source>
        <translation>日志文件</translation>
    </message>
    <message>
        <source>Open the folder of the log</source>
        <translation>打开日志所在文件夹</translation>
    </message>
</context>
<context>
    <name>argali::gui::Adapter</name>
    <message>
        <source>Its folder or file is not there or cannot be read. Check where it is, or remove it from the menu.</source>
        <translation>它的文件夹或文件不存在或无法读取。请检查其位置，或将它从菜单中移除。</translation>
    </message>
    <message>
        <source>It is damaged, or was made for another model. Open the model that it was made for, or copy it again.</source>
        <translation>它已损坏，或是为另一个模型制作的。请打开它所对应的模型，或重新复制一份。</translation>
    </message>
    <message>
        <source>Its file and the alphas that were given do not go together. Add it again with the alphas that it was trained with.</source>
        <translation>它的文件与给出的 alpha 不相符。请用训练时的 alpha 重新添加。</translation>
    </message>
    <message>
        <source>On this device a model that is open takes no such adapter. Open it on the CPU, or merge them with argali-cli merge.</source>
        <translation>在此设备上，已打开的模型不能使用这种适配器。请在 CPU 上打开模型，或用 argali-cli merge 将两者合并。</translation>
    </message>
    <message>
        <source>Argali cannot use this kind of adapter with this model. It takes LoRA, projectors and, for ChatGLM2, prefixes of P-Tuning.</source>
        <translation>Argali 无法在此模型上使用这种适配器。支持 LoRA、投影层，以及用于 ChatGLM2 的 P-Tuning 前缀。</translation>
    </message>
    <message>
        <source>There is not enough memory for it. Close other programs, or remove adapters that are not needed.</source>
        <translation>内存不足，无法载入。请关闭其他程序，或移除不需要的适配器。</translation>
    </message>
</context>
<context>
    <name>argali::gui::AdapterControl</name>
    <message>
        <source>Remove an adapter</source>
        <translation>移除适配器</translation>
    </message>
    <message>
        <source>A server answers in this chat. Adapters are for models on this computer.</source>
        <translation>此对话由服务器回答。适配器只用于本机上的模型。</translation>
    </message>
    <message>
        <source>The model is still being loaded.</source>
        <translation>模型仍在加载。</translation>
    </message>
    <message>
        <source>No model is open.</source>
        <translation>没有打开的模型。</translation>
    </message>
    <message>
        <source>Adapters</source>
        <extracomment>a menu; %1 is the adapter that is in use</extracomment>
        <translation>适配器</translation>
    </message>
    <message>
        <source>Adapter: %1</source>
        <translation>适配器：%1</translation>
    </message>
    <message>
        <source>None in this chat</source>
        <translation>此对话不使用</translation>
    </message>
    <message>
        <source>The model answers as it is</source>
        <translation>由模型本身回答</translation>
    </message>
    <message>
        <source>%1 (not loaded)</source>
        <extracomment>an adapter in a menu</extracomment>
        <translation>%1（未载入）</translation>
    </message>
    <message>
        <source>%1 (not one of this model)</source>
        <extracomment>an adapter in a menu</extracomment>
        <translation>%1（不属于此模型）</translation>
    </message>
    <message>
        <source>%1 is being read…</source>
        <translation>正在读取 %1…</translation>
    </message>
    <message>
        <source>Add an adapter folder…</source>
        <translation>添加适配器文件夹…</translation>
    </message>
    <message>
        <source>A LoRA, a projector or a P-Tuning prefix for this model</source>
        <translation>适用于此模型的 LoRA、投影层或 P-Tuning 前缀</translation>
    </message>
    <message>
        <source>Add an adapter file…</source>
        <translation>添加适配器文件…</translation>
    </message>
    <message>
        <source>A projector, or the trained part of an XTuner run</source>
        <translation>投影层，或 XTuner 训练所得的部分</translation>
    </message>
    <message>
        <source>Takes it off this list; its files stay</source>
        <translation>从此列表中移除；文件会保留</translation>
    </message>
    <message>
        <source>Add an adapter</source>
        <translation>添加适配器</translation>
    </message>
    <message>
        <source>Adapters (*.bin *.pth *.pt *.safetensors *.json)</source>
        <translation>适配器 (*.bin *.pth *.pt *.safetensors *.json)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>The adapter %1 is being read.</source>
        <translation>正在读取适配器 %1。</translation>
    </message>
    <message>
        <source>The adapter %1 answers in this chat from the next question on.</source>
        <translation>从下一个问题起，此对话使用适配器 %1 回答。</translation>
    </message>
    <message>
        <source>The adapter %1 was not added. %2</source>
        <extracomment>name of an adapter, and why not</extracomment>
        <translation>未添加适配器 %1。%2</translation>
    </message>
    <message>
        <source>The adapter %1 was not loaded. %2</source>
        <extracomment>name of an adapter, and why not</extracomment>
        <translation>未载入适配器 %1。%2</translation>
    </message>
    <message numerus="yes">
        <source>%Ln adapter(s) of this model were not loaded. The menu of adapters says why.</source>
        <translation>
            <numerusform>此模型有 %Ln 个适配器未载入。原因见适配器菜单。</numerusform>
        </translation>
    </message>
    <message>
        <source>The adapter %1 was removed from the list. Its files stay.</source>
        <translation>适配器 %1 已从列表中移除。文件会保留。</translation>
    </message>
    <message>
        <source>The adapter %1 is loaded. It answers in the chat that it was added in.</source>
        <translation>适配器 %1 已载入，将在添加它的对话中使用。</translation>
    </message>
</context>
<context>
    <name>argali::gui::AlphaQuestion</name>
    <message>
        <source>Add an adapter</source>
        <translation>添加适配器</translation>
    </message>
    <message>
        <source>%1 comes from a training run and does not hold the alpha of its LoRA. Type what it was trained with.</source>
        <translation>%1 来自一次训练，其中没有 LoRA 的 alpha。请输入训练时所用的值。</translation>
    </message>
    <message>
        <source>Alpha of the language model</source>
        <translation>语言模型的 alpha</translation>
    </message>
    <message>
        <source>Alpha of the vision model</source>
        <translation>视觉模型的 alpha</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Not in the file</source>
        <translation>文件中没有</translation>
    </message>
</context>
<context>
    <name>argali::gui::Answer</name>
    <message>
        <source>%1 tok/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>first word %1 s</source>
        <translation>首词 %1 秒</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>The longest answer was reached before the answer began. Raise it, or lower the thinking budget.</source>
        <translation>还没开始作答就达到了最大新词元数。请调高它，或调低思维预算。</translation>
    </message>
    <message>
        <source>The longest answer was reached here.</source>
        <translation>到此达到最大新词元数。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln token(s)</source>
        <translation>
            <numerusform>%Ln 词元</numerusform>
        </translation>
    </message>
    <message>
        <source>The context is full here.</source>
        <translation>到此上下文已满。</translation>
    </message>
    <message>
        <source>Interrupted: Argali was closed while it was answering.</source>
        <translation>已中断：Argali 在作答时被关闭。</translation>
    </message>
    <message numerus="yes">
        <source>about %Ln token(s)</source>
        <translation>
            <numerusform>约 %Ln 个词元</numerusform>
        </translation>
    </message>
    <message>
        <source>The longest answer was reached before the answer began. Raise it.</source>
        <translation>在开始回答之前已达到最长回答。请调高它。</translation>
    </message>
    <message>
        <source>The longest answer was reached before the answer began. Raise it, or switch the thinking budget on.</source>
        <translation>在开始回答之前已达到最长回答。请调高它，或打开思考预算。</translation>
    </message>
</context>
<context>
    <name>argali::gui::AnswerDefaultsPage</name>
    <message>
        <source>What a new chat begins with. Each chat then has its own, in the panel beside it; chats that are there already keep theirs.</source>
        <translation>新对话以此开始。之后每个对话各有自己的设置，位于旁边的面板中；已有的对话保持不变。</translation>
    </message>
    <message>
        <source>Back to %1, as Argali comes</source>
        <translation>恢复为 %1（Argali 的初始值）</translation>
    </message>
</context>
<context>
    <name>argali::gui::AnswerForm</name>
    <message>
        <source>Default for %1</source>
        <translation>%1：恢复默认</translation>
    </message>
    <message>
        <source>Back to %1, as Argali comes</source>
        <translation>恢复为 %1（Argali 的初始值）</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>On: words are drawn at random by their probability, answers differ. Off: always the most likely word, answers repeat exactly.</source>
        <translation>开：按概率随机选词，每次回答不同。关：总选最可能的词，回答完全可重复。</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>How far answers stray from the most likely words: 0 not at all, 2 wildly.</source>
        <translation>回答偏离最可能的词的程度：0 完全不偏离，2 非常随意。</translation>
    </message>
    <message>
        <source>Top-p, top-k, min-p, penalty, seed</source>
        <translation>Top-p、top-k、min-p、惩罚、种子</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Draws from the fewest words that together have this probability. 1 draws from all.</source>
        <translation>只在合计达到此概率的最少候选词中选取。1 表示全部。</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>Draws from this many most likely words. 0 draws from all.</source>
        <translation>只在最可能的若干候选词中选取。0 表示全部。</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Min-p</source>
        <translation>Min-p</translation>
    </message>
    <message>
        <source>Leaves out words less likely than this part of the likeliest one&apos;s probability.</source>
        <translation>排除概率低于最可能候选词此比例的词。</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Makes words that were used already less likely. 1 changes nothing.</source>
        <translation>降低已用过的词的概率。1 表示不变。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>The same seed draws the same answer again. 0 takes a new one each time.</source>
        <translation>相同种子得到相同回答。0 表示每次换一个。</translation>
    </message>
    <message>
        <source>New</source>
        <translation>每次新</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>深度思考</translation>
    </message>
    <message>
        <source>The model writes down its thoughts before it answers. Slower, often better.</source>
        <translation>模型先写下思考过程再作答。更慢，往往更好。</translation>
    </message>
    <message>
        <source>This model cannot think before it answers.</source>
        <translation>此模型不支持作答前思考。</translation>
    </message>
    <message>
        <source>Thinking budget</source>
        <translation>限制思维预算</translation>
    </message>
    <message>
        <source>On: thinking ends at the budget at the latest. Off: the model thinks as long as the longest answer lets it.</source>
        <translation>开：思考最迟在预算用尽时结束。关：只要不超过最大新词元数，模型可一直思考。</translation>
    </message>
    <message>
        <source>Budget</source>
        <translation>思维预算</translation>
    </message>
    <message>
        <source>The most tokens the model may think before it must answer.</source>
        <translation>模型在必须作答前最多可用于思考的词元数。</translation>
    </message>
    <message>
        <source>The model stops thinking at this many tokens and answers.</source>
        <translation>模型思考到该词元数后停止并作答。</translation>
    </message>
    <message>
        <source>Longest answer</source>
        <translation>最大新词元数</translation>
    </message>
    <message>
        <source>The answer ends after this many tokens, thinking included. More than the slider has can be typed, up to the context of the model.</source>
        <translation>回答在达到这么多词元（含思考）后结束。可以键入超出滑块的数值，直至模型的上下文长度。</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Said to the model before every conversation, for example how to answer</source>
        <translation>每次对话前告诉模型的话，例如如何作答</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>A system prompt has room for %1 characters.</source>
        <translation>系统提示最多 %1 个字符。</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>the default</source>
        <translation>默认值</translation>
    </message>
    <message>
        <source>In tokens, thinking included. At least budget + %1.</source>
        <translation>以词元计，包含思考。至少为预算 + %1。</translation>
    </message>
    <message>
        <source>In tokens, thinking included.</source>
        <translation>以词元计，含思考。</translation>
    </message>
    <message>
        <source>The context of the open model has %1 tokens, and answers end there.</source>
        <translation>当前模型的上下文为 %1 个词元，回答到此为止。</translation>
    </message>
    <message>
        <source>As the model suggests</source>
        <translation>采用模型建议</translation>
    </message>
    <message>
        <source>Temperature %1, top-p %2, top-k %3, penalty %4, as its files say</source>
        <translation>温度 %1，top-p %2，top-k %3，惩罚 %4，取自模型文件</translation>
    </message>
    <message>
        <source>Without sampling, as its files say</source>
        <translation>不采样，取自模型文件</translation>
    </message>
</context>
<context>
    <name>argali::gui::AttachedFiles</name>
    <message>
        <source>%1 is still being read.</source>
        <translation>仍在读取 %1。</translation>
    </message>
    <message>
        <source>Remove %1 first: it cannot be sent.</source>
        <translation>请先移除 %1：它无法发送。</translation>
    </message>
    <message numerus="yes">
        <source>A message takes at most %Ln file(s).</source>
        <translation>
            <numerusform>一条消息最多可带 %Ln 个文件。</numerusform>
        </translation>
    </message>
    <message>
        <source>Pasted picture</source>
        <translation>粘贴的图片</translation>
    </message>
    <message>
        <source>This is a folder. Attach the pictures in it, or a film.</source>
        <translation>这是一个文件夹。请添加其中的图片或一个视频。</translation>
    </message>
</context>
<context>
    <name>argali::gui::AttachmentRow</name>
    <message>
        <source>Remove %1</source>
        <translation>移除 %1</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
</context>
<context>
    <name>argali::gui::AttachmentTile</name>
    <message>
        <source>Remove %1</source>
        <translation>移除 %1</translation>
    </message>
    <message>
        <source>Original %1</source>
        <translation>原始 %1</translation>
    </message>
    <message>
        <source>Click to see what the model sees. Drag, or Alt+Left and Alt+Right, to change the order.</source>
        <translation>单击可查看模型看到的画面。拖动，或按 Alt+左、Alt+右 可改变顺序。</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
</context>
<context>
    <name>argali::gui::ChatExport</name>
    <message>
        <source>There is no chat to export any more.</source>
        <translation>已没有可导出的对话。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ChatImport</name>
    <message>
        <source>“%1” could not be saved: check the free space, and whether your chats can be written to. Nothing of it was imported.</source>
        <translation>“%1”无法保存：请检查可用空间，以及对话记录是否可写。其中的内容均未导入。</translation>
    </message>
    <message>
        <source>Nothing can be imported while your chats cannot be written to.</source>
        <translation>对话记录不可写时，无法导入。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ChatImport::Worker</name>
    <message>
        <source>“%1” cannot be read. Check that it is still there.</source>
        <translation>无法读取“%1”。请确认它仍在原处。</translation>
    </message>
    <message>
        <source>“%1” is larger than a chat can be. Nothing of it was imported.</source>
        <translation>“%1”大于对话所能有的大小，其中的内容均未导入。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ChatJson</name>
    <message>
        <source>“%1” is larger than a file can be that Argali imports again. Export it as Markdown or as a page.</source>
        <translation>“%1”大于 Argali 可再次导入的文件。请导出为 Markdown 或网页。</translation>
    </message>
    <message>
        <source>“%1” is not a chat that Argali exported as JSON.</source>
        <translation>“%1”不是 Argali 以 JSON 导出的对话。</translation>
    </message>
    <message>
        <source>“%1” was exported by a newer Argali. Import it there.</source>
        <translation>“%1”由更新版本的 Argali 导出，请在该版本中导入。</translation>
    </message>
    <message>
        <source>“%1” is damaged, or larger than a chat can be. Nothing of it was imported.</source>
        <translation>“%1”已损坏，或大于对话所能有的大小，其中的内容均未导入。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ChatRowDelegate</name>
    <message>
        <source>Name of the folder</source>
        <translation>文件夹名称</translation>
    </message>
    <message>
        <source>Title of the chat</source>
        <translation>对话标题</translation>
    </message>
</context>
<context>
    <name>argali::gui::ChatWidget</name>
    <message>
        <source>No model is open. Open one from the menu above.</source>
        <translation>没有打开的模型。请从上方菜单打开一个。</translation>
    </message>
    <message>
        <source>This needs %1 tokens, but the model has room for %2. Shorten the question, use fewer pictures or frames, or start a new chat.</source>
        <translation>需要 %1 个词元，而模型只能容纳 %2 个。请缩短问题、减少图像或帧数，或开始新对话。</translation>
    </message>
    <message>
        <source>The model is still being loaded.</source>
        <translation>模型仍在加载。</translation>
    </message>
    <message>
        <source>An answer is being written. %1 stops it.</source>
        <translation>正在写回答。按 %1 停止。</translation>
    </message>
    <message>
        <source>Will be sent as soon as the files are read. %1 takes it back.</source>
        <translation>文件读取完毕后立即发送。按 %1 取消。</translation>
    </message>
    <message>
        <source>Will be sent as soon as the model is ready. %1 takes it back.</source>
        <translation>模型就绪后立即发送。按 %1 取消。</translation>
    </message>
    <message>
        <source>The adapter %1 of this chat is not loaded; the model answered without it.</source>
        <translation>此对话的适配器 %1 未载入；模型在没有它的情况下作答。</translation>
    </message>
</context>
<context>
    <name>argali::gui::Comparison</name>
    <message>
        <source>Compare two models</source>
        <translation>比较两个模型</translation>
    </message>
    <message>
        <source>Question to both</source>
        <translation>向两者提的问题</translation>
    </message>
    <message>
        <source>Ask both the same</source>
        <translation>向两者提出同一问题</translation>
    </message>
    <message>
        <source>Ask both</source>
        <translation>同时提问</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Model on the left</source>
        <translation>左侧模型</translation>
    </message>
    <message>
        <source>Model on the right</source>
        <translation>右侧模型</translation>
    </message>
    <message>
        <source>%1 (here)</source>
        <translation>%1（本机）</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>Two models are needed. Connect to a server in the settings.</source>
        <translation>需要两个模型。请在设置中连接服务器。</translation>
    </message>
    <message>
        <source>Choose two different models.</source>
        <translation>请选择两个不同的模型。</translation>
    </message>
    <message numerus="yes">
        <source>What is attached goes along: %Ln file(s).</source>
        <translation>
            <numerusform>附件会一并发送：%Ln 个文件。</numerusform>
        </translation>
    </message>
    <message>
        <source>Both go on from the chat that is open; nothing of this is kept.</source>
        <translation>两者都从当前对话继续；这里的内容不会保存。</translation>
    </message>
</context>
<context>
    <name>argali::gui::Composer</name>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Write a question first.</source>
        <translation>请先写下问题。</translation>
    </message>
    <message>
        <source>Argali does not fetch pictures from the web. Save the picture and attach the file.</source>
        <translation>Argali 不会从网络获取图像。请保存图像，再添加文件。</translation>
    </message>
    <message>
        <source>Ask about the film…</source>
        <translation>就这个视频提问…</translation>
    </message>
    <message>
        <source>Ask about the picture…</source>
        <translation>就这张图像提问…</translation>
    </message>
    <message>
        <source>What the model sees is known in a moment.</source>
        <translation>稍候即可查看模型看到的画面。</translation>
    </message>
    <message>
        <source>Open a model to see what it sees.</source>
        <translation>打开一个模型才能查看它看到的画面。</translation>
    </message>
    <message>
        <source>This model sees no pictures and no films. Open another model to ask about them.</source>
        <translation>此模型不能看图像和视频。要询问它们，请打开其他模型。</translation>
    </message>
    <message>
        <source>Ask a question…</source>
        <translation>请提问…</translation>
    </message>
</context>
<context>
    <name>argali::gui::ComposerRules</name>
    <message>
        <source>%1 does not take films. Remove it or open another model.</source>
        <translation>%1 不支持视频。请移除它或打开另一个模型。</translation>
    </message>
    <message>
        <source>%1 does not take pictures. Remove it or open another model.</source>
        <translation>%1 不支持图像。请移除它或打开另一个模型。</translation>
    </message>
    <message>
        <source>A message takes pictures or one film, not both. Remove one kind.</source>
        <translation>一条消息可以带图像或一段视频，不能同时带两者。请移除其中一种。</translation>
    </message>
    <message>
        <source>This chat is about pictures, and the model takes pictures or a film in one chat, not both. Start a new chat for the film.</source>
        <translation>此对话是关于图像的，而该模型在一个对话中只接受图像或一段视频，不能两者都有。请为视频新建对话。</translation>
    </message>
    <message>
        <source>This chat is about a film, and the model takes pictures or a film in one chat, not both. Start a new chat for the picture.</source>
        <translation>此对话是关于视频的，而该模型在一个对话中只接受图像或一段视频，不能两者都有。请为图像新建对话。</translation>
    </message>
    <message>
        <source>A message takes one film. Remove one of them.</source>
        <translation>一条消息只能带一段视频。请移除其中一段。</translation>
    </message>
    <message>
        <source>This chat has a film already, and the model takes one. Ask on about it without attaching one, or start a new chat.</source>
        <translation>此对话已有一段视频，而该模型只接受一段。请不附加视频继续提问，或新建对话。</translation>
    </message>
    <message>
        <source>%1 cannot take the film that is attached. It stays here: remove it, or go back to another model.</source>
        <translation>%1 不能接受所附的视频。它会留在这里：请移除它，或换回其他模型。</translation>
    </message>
    <message>
        <source>%1 cannot take what is attached. It stays here: remove it, or go back to another model.</source>
        <translation>%1 不能接受所附的内容。它会留在这里：请移除它，或换回其他模型。</translation>
    </message>
    <message>
        <source>This chat has pictures, and %1 does not take any. Go back to the model before, or start a new chat.</source>
        <translation>此对话中有图像，而 %1 不接受图像。请换回之前的模型，或新建对话。</translation>
    </message>
    <message>
        <source>This chat has a film, and %1 does not take any. Go back to the model before, or start a new chat.</source>
        <translation>此对话中有视频，而 %1 不接受视频。请换回之前的模型，或新建对话。</translation>
    </message>
    <message>
        <source>This chat has more films than %1 takes in one chat. Go back to the model before, or start a new chat.</source>
        <translation>此对话中的视频超过了 %1 在一个对话中能接受的数量。请换回之前的模型，或新建对话。</translation>
    </message>
    <message>
        <source>This chat has pictures and a film, and %1 takes one kind in a chat. Go back to the model before, or start a new chat.</source>
        <translation>此对话中既有图像又有视频，而 %1 在一个对话中只接受一种。请换回之前的模型，或新建对话。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ComposerTools</name>
    <message>
        <source>Picture</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Film</source>
        <translation>视频</translation>
    </message>
    <message>
        <source>Tell times</source>
        <translation>告知时间</translation>
    </message>
    <message>
        <source>Ask about pictures</source>
        <translation>就图像提问</translation>
    </message>
    <message>
        <source>Ask about a film</source>
        <translation>就视频提问</translation>
    </message>
    <message>
        <source>Attach</source>
        <translation>添加附件</translation>
    </message>
    <message>
        <source>Attach pictures or a film (%1)</source>
        <translation>添加图像或视频 (%1)</translation>
    </message>
    <message>
        <source>Tells the model the times of the frames in one line before the question. Without it the model sees only the pictures.</source>
        <translation>在问题前用一行文字告诉模型各帧的时间。否则模型只能看到画面。</translation>
    </message>
    <message>
        <source>Thinking %1</source>
        <translation>深度思考 %1</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>深度思考</translation>
    </message>
    <message>
        <source>This model cannot think before it answers.</source>
        <translation>此模型不支持作答前思考。</translation>
    </message>
    <message>
        <source>The model thinks before it answers; click to switch off</source>
        <translation>模型会先思考再作答；点击关闭</translation>
    </message>
    <message>
        <source>Let the model think before it answers</source>
        <translation>让模型先思考再作答</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Stop (%1)</source>
        <translation>停止（%1）</translation>
    </message>
    <message>
        <source>Send (%1)</source>
        <translation>发送（%1）</translation>
    </message>
    <message>
        <source>This model sees no pictures and no films.</source>
        <translation>此模型不能看图像和视频。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ConnectionLabel</name>
    <message>
        <source>Check now</source>
        <translation>立即检查</translation>
    </message>
    <message>
        <source>Check now how it stands with the server</source>
        <translation>立即检查服务器的状态</translation>
    </message>
</context>
<context>
    <name>argali::gui::ConnectionProfile</name>
    <message>
        <source>A server needs an address, such as http://localhost:8000 or https://example.org/v1.</source>
        <translation>服务器需要地址，例如 http://localhost:8000 或 https://example.org/v1。</translation>
    </message>
    <message>
        <source>The header %1 is set by Argali itself. A key belongs in the field for the key.</source>
        <translation>标头 %1 由 Argali 自行设置。密钥请填在密钥栏中。</translation>
    </message>
    <message>
        <source>The header %1 looks like one for a key. Headers are kept in a file that can be read: a key belongs in its own field.</source>
        <translation>标头 %1 看起来用于密钥。标头保存在可被读取的文件中：密钥请填在它自己的栏中。</translation>
    </message>
    <message>
        <source>The address of the proxy has a password in it, which would be kept in a file that can be read. Set HTTPS_PROXY and HTTP_PROXY instead, and choose “System”.</source>
        <translation>代理地址中含有密码，会保存在可被读取的文件中。请改为设置 HTTPS_PROXY 和 HTTP_PROXY，并选择“系统”。</translation>
    </message>
    <message>
        <source>This is no address of a proxy. Expected is something like http://proxy:3128 or socks5://proxy:1080.</source>
        <translation>这不是代理地址。应类似 http://proxy:3128 或 socks5://proxy:1080。</translation>
    </message>
    <message>
        <source>A server can have %1 further headers.</source>
        <translation>一台服务器最多可有 %1 个附加标头。</translation>
    </message>
    <message>
        <source>An address of more than 2048 bytes cannot be used.</source>
        <translation>不能使用超过 2048 字节的地址。</translation>
    </message>
    <message>
        <source>The address of a server begins with http:// or https://, not with anything else.</source>
        <translation>服务器地址须以 http:// 或 https:// 开头。</translation>
    </message>
    <message>
        <source>This address has something after a ? or #. Leave that out: host, port and path are enough.</source>
        <translation>此地址在 ? 或 # 之后还有内容。请去掉：主机、端口和路径即可。</translation>
    </message>
    <message>
        <source>This address has a user or a password in it, which would be kept in a file that can be read. A key belongs in its own field.</source>
        <translation>此地址中含有用户名或密码，它们会保存在可被读取的文件中。密钥请填在它自己的栏中。</translation>
    </message>
    <message>
        <source>A bracket in this address is not closed. An IPv6 address is written like http://[::1]:8000.</source>
        <translation>此地址中的方括号没有闭合。IPv6 地址的写法如 http://[::1]:8000。</translation>
    </message>
    <message>
        <source>After the bracket in this address only a port can follow, as in http://[::1]:8000.</source>
        <translation>此地址的方括号之后只能是端口，如 http://[::1]:8000。</translation>
    </message>
    <message>
        <source>An IPv6 address has to stand in brackets, as in http://[::1]:8000.</source>
        <translation>IPv6 地址须写在方括号中，如 http://[::1]:8000。</translation>
    </message>
    <message>
        <source>What stands in brackets is no IPv6 address.</source>
        <translation>方括号中的内容不是 IPv6 地址。</translation>
    </message>
    <message>
        <source>No host has a name like that. Expected is something like http://localhost:8000 or https://example.org/v1.</source>
        <translation>不存在这样的主机名。地址应类似 http://localhost:8000 或 https://example.org/v1。</translation>
    </message>
    <message>
        <source>The port has to be a number from 1 to 65535.</source>
        <translation>端口须为 1 到 65535 之间的数字。</translation>
    </message>
    <message>
        <source>The path of this address has spaces or characters that have to be written with %, as %20 for a space.</source>
        <translation>此地址的路径中有空格或须用 % 表示的字符，例如空格写作 %20。</translation>
    </message>
    <message>
        <source>The path of this address goes up with “..”. Write the path that it leads to.</source>
        <translation>此地址的路径用“..”返回上级。请写出它所指的路径。</translation>
    </message>
    <message>
        <source>“%1” is no name of a header. Write each on a line of its own, as in “X-Team: vision”.</source>
        <translation>“%1”不是标头名称。请每行写一个，如“X-Team: vision”。</translation>
    </message>
    <message>
        <source>The header %1 belongs to the connection and cannot be set.</source>
        <translation>标头 %1 属于连接本身，不能设置。</translation>
    </message>
    <message>
        <source>The header %1 has characters in it that cannot be sent.</source>
        <translation>标头 %1 中有不能发送的字符。</translation>
    </message>
    <message>
        <source>The header %1 is longer than 8192 bytes.</source>
        <translation>标头 %1 超过 8192 字节。</translation>
    </message>
    <message>
        <source>The share of a server is a number from 1 to %1.</source>
        <translation>服务器的份额是 1 到 %1 之间的数字。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ConversationList</name>
    <message>
        <source>New chat</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Start another chat</source>
        <translation>开始另一个对话</translation>
    </message>
    <message>
        <source>Chats</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>Search in titles and texts (%1)</source>
        <translation>在标题和内容中搜索（%1）</translation>
    </message>
    <message>
        <source>open</source>
        <comment>of a chat</comment>
        <translation>已打开</translation>
    </message>
    <message>
        <source>pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>最近 7 天</translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation>最近 30 天</translation>
    </message>
    <message>
        <source>MMMM yyyy</source>
        <extracomment>month and year of a group of chats</extracomment>
        <translation>yyyy年M月</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Folder %1, open</source>
        <translation>文件夹 %1，已展开</translation>
    </message>
    <message>
        <source>Folder %1, closed</source>
        <translation>文件夹 %1，已收起</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>未找到</translation>
    </message>
    <message numerus="yes">
        <source>%Ln place(s) found</source>
        <translation>
            <numerusform>找到 %Ln 处</numerusform>
        </translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Move to folder</source>
        <translation>移到文件夹</translation>
    </message>
    <message>
        <source>No folder</source>
        <translation>无文件夹</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Delete folder, keep its chats</source>
        <translation>删除文件夹，保留其中的对话</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Folders, export and import</source>
        <translation>文件夹、导出与导入</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Export the chats of this folder…</source>
        <translation>导出此文件夹中的对话…</translation>
    </message>
    <message>
        <source>Export all chats…</source>
        <translation>导出全部对话…</translation>
    </message>
    <message>
        <source>Import chats…</source>
        <translation>导入对话…</translation>
    </message>
</context>
<context>
    <name>argali::gui::Cost</name>
    <message>
        <source>about %1 s to the first word</source>
        <translation>约 %1 秒出首字</translation>
    </message>
    <message>
        <source>about %1 min to the first word</source>
        <translation>约 %1 分钟出首字</translation>
    </message>
    <message>
        <source>%1 MB</source>
        <translation>%1 MB</translation>
    </message>
    <message>
        <source>%1 GB</source>
        <translation>%1 GB</translation>
    </message>
    <message>
        <source>Original %1 · the model gets %2 frames of %3 · grid of %4 tokens each · %5 in all</source>
        <translation>原始 %1 · 模型得到 %2 帧，每帧 %3 · 每帧 %4 个词元的网格 · 共 %5</translation>
    </message>
    <message>
        <source>Original %1 · the model gets %2 · grid of %3 tokens · %4 in all</source>
        <translation>原始 %1 · 模型得到 %2 · %3 个词元的网格 · 共 %4</translation>
    </message>
    <message numerus="yes">
        <source>%Ln frame(s) · %1</source>
        <translation>
            <numerusform>%Ln 帧 · %1</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln visual token(s)</source>
        <translation>
            <numerusform>%Ln 个视觉词元</numerusform>
        </translation>
    </message>
    <message>
        <source>Prompt %1 / %2, %3 left</source>
        <translation>提示词 %1 / %2，剩余 %3</translation>
    </message>
    <message>
        <source>Prompt %1 / %2</source>
        <translation>提示词 %1 / %2</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation>放不下</translation>
    </message>
    <message>
        <source>The prompt takes %1 of the %2 tokens that the model can hold; %3 are left for the answer.</source>
        <translation>提示词占用模型可容纳的 %2 个词元中的 %1 个；剩余 %3 个用于回答。</translation>
    </message>
    <message>
        <source>%1 of them are new since the last answer.</source>
        <translation>其中 %1 个是上次回答之后新增的。</translation>
    </message>
    <message>
        <source>The time comes from answers on this computer.</source>
        <translation>时间依据本机以往的回答估算。</translation>
    </message>
    <message>
        <source>How long the first word takes is known after the first answer on this computer.</source>
        <translation>在本机完成首次回答后，才能估计出首字所需时间。</translation>
    </message>
    <message>
        <source>Beside the model itself it needs up to %1 of memory.</source>
        <translation>除模型本身外，最多还需要 %1 内存。</translation>
    </message>
    <message numerus="yes">
        <source>Original %1 · the model gets %2 in %Ln tile(s) · grid of %3 tokens · %4 in all</source>
        <translation>
            <numerusform>原始 %1 · 模型得到 %2，分为 %Ln 块 · %3 个词元的网格 · 共 %4</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::DevicesPage</name>
    <message>
        <source>Models run on</source>
        <translation>模型运行于</translation>
    </message>
    <message>
        <source>Open the model again</source>
        <translation>重新打开模型</translation>
    </message>
    <message>
        <source>Opens the model on the chosen device. An answer that is being written is stopped.</source>
        <translation>在所选设备上打开模型。正在生成的回答会停止。</translation>
    </message>
    <message>
        <source>%1 of memory, %2 free</source>
        <extracomment>memory of a device, in all and free</extracomment>
        <translation>内存 %1，可用 %2</translation>
    </message>
    <message numerus="yes">
        <source>%Ln thread(s)</source>
        <translation>
            <numerusform>%Ln 个线程</numerusform>
        </translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>The card with most free memory, or the processor where there is none</source>
        <translation>可用内存最多的显卡；没有显卡时用处理器</translation>
    </message>
    <message>
        <source>Processor: %1</source>
        <extracomment>a device and its id, &quot;NVIDIA H100 (cuda:0)&quot;</extracomment>
        <translation>处理器：%1</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>%1 (chosen before)</source>
        <translation>%1（先前所选）</translation>
    </message>
    <message>
        <source>The device %1 is not here. The model runs on %2; models go there until the card is back or you choose another one.</source>
        <translation>设备 %1 不在。模型运行于 %2；在该显卡恢复或您另选设备之前，模型都在那里运行。</translation>
    </message>
    <message>
        <source>The next model that is opened runs there. The one that is open now runs on %1.</source>
        <translation>下次打开的模型将在那里运行。当前打开的模型运行于 %1。</translation>
    </message>
</context>
<context>
    <name>argali::gui::DropOverlay</name>
    <message>
        <source>Drop to attach</source>
        <translation>松开即可添加</translation>
    </message>
    <message>
        <source>Pictures, or one film</source>
        <translation>图像，或一个视频</translation>
    </message>
</context>
<context>
    <name>argali::gui::EarlierQuestion</name>
    <message>
        <source>You are changing an earlier question; the old one stays beside it. %1 takes it back.</source>
        <translation>您正在修改之前的问题；原问题会保留在旁边。按 %1 取消。</translation>
    </message>
</context>
<context>
    <name>argali::gui::EmptyState</name>
    <message>
        <source>Ask about a picture or a film</source>
        <translation>就图像或视频提问</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Drop pictures here</source>
        <translation>将图像拖到此处</translation>
    </message>
    <message>
        <source>Drop a film here</source>
        <translation>将视频拖到此处</translation>
    </message>
    <message>
        <source>MP4, MKV, WebM, MOV … you choose the frames</source>
        <translation>MP4、MKV、WebM、MOV…… 由你选择关键帧</translation>
    </message>
    <message>
        <source>open a larger one</source>
        <translation>打开更大的模型</translation>
    </message>
    <message>
        <source>open a model folder</source>
        <translation>打开模型文件夹</translation>
    </message>
    <message>
        <source>Nothing leaves this computer. The model is being loaded; you can write meanwhile.</source>
        <translation>所有内容都留在本机。模型正在加载，你可以先写问题。</translation>
    </message>
    <message>
        <source>Nothing leaves this computer. To begin, %1.</source>
        <extracomment>%1 is a link, &quot;open a model folder&quot;</extracomment>
        <translation>所有内容都留在本机。请先%1。</translation>
    </message>
    <message>
        <source>Nothing leaves this computer. The small pocket model is ready; %1 for photographs.</source>
        <extracomment>%1 is a link, &quot;open a larger one&quot;</extracomment>
        <translation>所有内容都留在本机。小型口袋模型已就绪；处理照片请%1。</translation>
    </message>
    <message>
        <source>Nothing leaves this computer. %1 is ready.</source>
        <translation>所有内容都留在本机。%1 已就绪。</translation>
    </message>
    <message>
        <source>PNG, JPEG, WebP, TIFF … or %1</source>
        <translation>PNG、JPEG、WebP、TIFF…… 或按 %1</translation>
    </message>
    <message>
        <source>Questions go to %1 on %2.</source>
        <extracomment>names of a model and of the server it is on</extracomment>
        <translation>问题将发送给 %2 上的 %1。</translation>
    </message>
    <message>
        <source>Ask a question</source>
        <translation>请提问</translation>
    </message>
    <message>
        <source>It reads and writes text; pictures and films need another model.</source>
        <translation>它只读写文字；图像和视频需要其他模型。</translation>
    </message>
</context>
<context>
    <name>argali::gui::EngineWorker</name>
    <message>
        <source>No model is open. Open a model folder from the menu above.</source>
        <translation>没有打开的模型。请从上方菜单打开模型文件夹。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ExchangeControl</name>
    <message>
        <source>Markdown</source>
        <translation>Markdown</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>网页</translation>
    </message>
    <message>
        <source>Chats of Argali</source>
        <translation>Argali 对话</translation>
    </message>
    <message>
        <source>There is nothing to export: no question has been asked there yet.</source>
        <translation>没有可导出的内容：其中还没有提过问题。</translation>
    </message>
    <message>
        <source>Export a chat</source>
        <translation>导出对话</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Export chats: a new folder is made in this one</source>
        <translation>导出对话：将在此处新建一个文件夹</translation>
    </message>
    <message>
        <source>The export was cancelled. Nothing was written.</source>
        <translation>导出已取消，未写入任何内容。</translation>
    </message>
    <message>
        <source>Argali chats %1</source>
        <extracomment>name of a folder of exported chats; %1 is a date, 2026-01-31</extracomment>
        <translation>Argali 对话 %1</translation>
    </message>
    <message>
        <source>Exporting “%1”</source>
        <translation>正在导出“%1”</translation>
    </message>
    <message numerus="yes">
        <source>Exporting %Ln chat(s)</source>
        <translation>
            <numerusform>正在导出 %Ln 个对话</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln chat(s) exported to %1.</source>
        <translation>
            <numerusform>已将 %Ln 个对话导出到 %1。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s) or film(s) were not there any more.</source>
        <translation>
            <numerusform>有 %Ln 个图像或视频已不存在。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln chat(s) could not be read.</source>
        <translation>
            <numerusform>有 %Ln 个对话无法读取。</numerusform>
        </translation>
    </message>
    <message>
        <source>Import chats</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>Nothing can be imported while your chats cannot be written to.</source>
        <translation>对话记录不可写时，无法导入。</translation>
    </message>
    <message numerus="yes">
        <source>Importing %Ln file(s)</source>
        <translation>
            <numerusform>正在导入 %Ln 个文件</numerusform>
        </translation>
    </message>
    <message>
        <source>The import was cancelled.</source>
        <translation>导入已取消。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln chat(s) imported.</source>
        <translation>
            <numerusform>已导入 %Ln 个对话。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s) or film(s) were not found beside the file, or are not those that were sent.</source>
        <translation>
            <numerusform>有 %Ln 个图像或视频不在文件旁边，或不是当时发送的内容。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln film(s) are too large to be copied and are used where they lie.</source>
        <translation>
            <numerusform>有 %Ln 个视频太大，不复制，直接使用原处的文件。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln place(s) in the file did not fit together and were mended.</source>
        <translation>
            <numerusform>文件中有 %Ln 处不一致，已修复。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln file(s) were not imported.</source>
        <translation>
            <numerusform>有 %Ln 个文件未导入。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::ExchangeLine</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Show folder</source>
        <translation>显示文件夹</translation>
    </message>
</context>
<context>
    <name>argali::gui::ExportDialog</name>
    <message>
        <source>A text file, and beside it a folder with the pictures and films as they are. It has the branch that is shown.</source>
        <translation>一个文本文件，旁边是存放原始图像和视频的文件夹。只含当前显示的分支。</translation>
    </message>
    <message>
        <source>One file that every browser shows without a network. Pictures larger than %1 MB are scaled down to %2 pixels; of a film it has one picture and the times of the frames. It has the branch that is shown.</source>
        <translation>一个无需网络、任何浏览器都能显示的文件。大于 %1 MB 的图像会缩小到 %2 像素；视频只含一幅画面和各帧的时间。只含当前显示的分支。</translation>
    </message>
    <message>
        <source>Everything, with all branches, and beside it a folder with the pictures and films. Only this can be imported again.</source>
        <translation>全部内容与所有分支，旁边是存放图像和视频的文件夹。只有此格式可以再次导入。</translation>
    </message>
    <message>
        <source>Markdown</source>
        <translation>Markdown</translation>
    </message>
    <message>
        <source>Page (HTML)</source>
        <translation>网页（HTML）</translation>
    </message>
    <message>
        <source>Whole chat (JSON)</source>
        <translation>完整对话（JSON）</translation>
    </message>
    <message>
        <source>With the thinking of the model</source>
        <translation>包含模型的思考</translation>
    </message>
    <message numerus="yes">
        <source>Export %Ln chat(s)</source>
        <translation>
            <numerusform>导出 %Ln 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
</context>
<context>
    <name>argali::gui::ExportWriter</name>
    <message>
        <source>The chats cannot be written to %1. Check the free space and the rights there, or choose another folder.</source>
        <translation>无法将对话写入 %1。请检查那里的可用空间和权限，或另选文件夹。</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
</context>
<context>
    <name>argali::gui::Failure</name>
    <message>
        <source>A file or folder is missing or cannot be read. Check that it is still there.</source>
        <translation>文件或文件夹不存在或无法读取。请确认它仍在原处。</translation>
    </message>
    <message>
        <source>This model folder is damaged or incomplete. Copy or download it again.</source>
        <translation>此模型文件夹已损坏或不完整。请重新复制或下载。</translation>
    </message>
    <message>
        <source>This picture or film cannot be read. Try another file, or save it again in a common format.</source>
        <translation>无法读取此图像或视频。请换一个文件，或用常见格式重新保存。</translation>
    </message>
    <message>
        <source>The model cannot take this question as it is. Change the attachments or the settings.</source>
        <translation>模型无法处理这个问题。请更改附件或设置。</translation>
    </message>
    <message>
        <source>The conversation is longer than the model&apos;s context. Start a new chat, use fewer pictures or frames, or shorten the longest answer.</source>
        <translation>对话超出了模型的上下文。请开始新对话、减少图像或帧数，或调低最大新词元数。</translation>
    </message>
    <message>
        <source>Argali cannot use this kind of file or model yet. Try another one.</source>
        <translation>Argali 暂不支持这种文件或模型。请换一个。</translation>
    </message>
    <message>
        <source>There is not enough memory for this. Close other programs or open a smaller model.</source>
        <translation>内存不足。请关闭其他程序，或打开更小的模型。</translation>
    </message>
    <message>
        <source>The device that computes has failed or is not there. Try again, or choose another device.</source>
        <translation>计算设备出错或不存在。请重试，或选择其他设备。</translation>
    </message>
    <message>
        <source>The transfer failed. Check the connection and try again.</source>
        <translation>传输失败。请检查网络连接后重试。</translation>
    </message>
    <message>
        <source>Something in Argali went wrong. Your question is kept; try again.</source>
        <translation>Argali 内部出错。你的问题已保留；请重试。</translation>
    </message>
</context>
<context>
    <name>argali::gui::FilmFrames</name>
    <message>
        <source>Frames of the film</source>
        <translation>视频的帧</translation>
    </message>
    <message>
        <source>Remove this frame</source>
        <translation>移除此帧</translation>
    </message>
    <message>
        <source>Frame %1 of %2, at %3</source>
        <translation>第 %1 帧，共 %2 帧，位于 %3</translation>
    </message>
    <message>
        <source>The frame at %1 cannot be decoded. Move it with %2 or %3, or remove it (%4).</source>
        <translation>无法解码 %1 处的帧。用 %2 或 %3 移动它，或移除它（%4）。</translation>
    </message>
    <message>
        <source>The frame at %1. %2 and %3 move it by one frame, %4 and %5 by ten; %6 and %7 go to the others; %8 removes it; %9 shows it in the film.</source>
        <translation>%1 处的帧。%2 和 %3 移动一帧，%4 和 %5 移动十帧；%6 和 %7 转到其他帧；%8 移除它；%9 在视频中显示它。</translation>
    </message>
</context>
<context>
    <name>argali::gui::FilmPlayer</name>
    <message>
        <source>This system&apos;s media library cannot play the film. You can still step through its frames.</source>
        <translation>本系统的媒体库无法播放此视频。您仍可逐帧查看。</translation>
    </message>
</context>
<context>
    <name>argali::gui::FilmPreview</name>
    <message>
        <source>Add frame here</source>
        <translation>在此添加帧</translation>
    </message>
    <message>
        <source>Frame of the film</source>
        <translation>视频的帧</translation>
    </message>
    <message>
        <source>Position in the film</source>
        <translation>视频中的位置</translation>
    </message>
    <message>
        <source>One frame back</source>
        <translation>后退一帧</translation>
    </message>
    <message>
        <source>One frame on</source>
        <translation>前进一帧</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>播放</translation>
    </message>
    <message>
        <source>The frame at %1 cannot be decoded.</source>
        <translation>%1 处的帧无法解码。</translation>
    </message>
    <message>
        <source>%1 · %2 / %3</source>
        <extracomment>time in a film, number of the frame there and of the last one: &quot;00:04.0 · 96 / 120&quot;</extracomment>
        <translation>%1 · %2 / %3</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>One frame back (%1, ten with %2)</source>
        <translation>后退一帧（%1；%2 为十帧）</translation>
    </message>
    <message>
        <source>One frame on (%1, ten with %2)</source>
        <translation>前进一帧（%1；%2 为十帧）</translation>
    </message>
    <message>
        <source>Play or pause</source>
        <translation>播放或暂停</translation>
    </message>
    <message>
        <source>The model gets the frame shown here</source>
        <translation>模型将得到此处显示的帧</translation>
    </message>
    <message>
        <source>The model got the frames at</source>
        <translation>模型得到的帧位于</translation>
    </message>
    <message>
        <source>Show the frame at %1</source>
        <translation>显示 %1 处的帧</translation>
    </message>
</context>
<context>
    <name>argali::gui::FilmStrip</name>
    <message>
        <source>Key frames</source>
        <translation>关键帧</translation>
    </message>
    <message>
        <source>0 = automatic, one a second</source>
        <translation>0 = 自动，每秒一帧</translation>
    </message>
    <message>
        <source>Number of key frames</source>
        <translation>关键帧数</translation>
    </message>
    <message>
        <source>How many frames of the film the model gets, spread evenly. 0 takes one a second, at most 30.</source>
        <translation>模型看到的帧数，均匀取样。0 表示每秒一帧，最多 30 帧。</translation>
    </message>
    <message>
        <source>Remove the film</source>
        <translation>移除视频</translation>
    </message>
    <message>
        <source>Play the film</source>
        <translation>播放视频</translation>
    </message>
    <message>
        <source>Play the film and add frames from it</source>
        <translation>播放视频并从中添加帧</translation>
    </message>
    <message>
        <source>What the model sees</source>
        <translation>模型看到的画面</translation>
    </message>
    <message>
        <source>What the model sees of the current frame</source>
        <translation>模型看到的当前帧</translation>
    </message>
    <message>
        <source>Spread the frames evenly again</source>
        <translation>重新均匀分布各帧</translation>
    </message>
    <message>
        <source>Remove %1</source>
        <translation>移除 %1</translation>
    </message>
    <message>
        <source>The frame at %1 cannot be decoded. Choose another one, or get the film again.</source>
        <translation>%1 处的帧无法解码。请选择另一帧，或重新获取视频。</translation>
    </message>
    <message numerus="yes">
        <source>A film gives at most %Ln frame(s). Remove one first.</source>
        <translation>
            <numerusform>一段视频最多取 %Ln 帧。请先移除一帧。</numerusform>
        </translation>
    </message>
    <message>
        <source>One frame has to stay. The cross at the end of the row removes the film.</source>
        <translation>必须保留一帧。行尾的叉号可移除视频。</translation>
    </message>
    <message>
        <source>Chosen by hand</source>
        <translation>手动选择</translation>
    </message>
    <message>
        <source>%1 – %2</source>
        <extracomment>range of a film, &quot;00:00.3 – 00:07.0&quot;</extracomment>
        <translation>%1 – %2</translation>
    </message>
</context>
<context>
    <name>argali::gui::FilmTimeline</name>
    <message>
        <source>Start of the range</source>
        <translation>范围起点</translation>
    </message>
    <message>
        <source>Frames are taken from here on. Left and Right move it by one frame, with Shift by ten, Up and Down by a second.</source>
        <translation>从这里开始取帧。左、右键移动一帧，按住 Shift 移动十帧，上、下键移动一秒。</translation>
    </message>
    <message>
        <source>End of the range</source>
        <translation>范围终点</translation>
    </message>
    <message>
        <source>Frames are taken up to here. Left and Right move it by one frame, with Shift by ten, Up and Down by a second.</source>
        <translation>取帧到这里为止。左、右键移动一帧，按住 Shift 移动十帧，上、下键移动一秒。</translation>
    </message>
</context>
<context>
    <name>argali::gui::FindBar</name>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Earlier place</source>
        <translation>上一处</translation>
    </message>
    <message>
        <source>Next place</source>
        <translation>下一处</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>未找到</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>第 %1 处，共 %2 处</translation>
    </message>
</context>
<context>
    <name>argali::gui::GeneralPage</name>
    <message>
        <source>System</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>As the desktop is</source>
        <translation>与桌面一致</translation>
    </message>
    <message>
        <source>Appearance: %1</source>
        <extracomment>one of System, Light, Dark</extracomment>
        <translation>外观：%1</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>When the desktop asks for more contrast, Argali shows it in each of the three.</source>
        <translation>桌面要求更高对比度时，三种外观都会照办。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Language of the window</source>
        <translation>窗口语言</translation>
    </message>
    <message>
        <source>It changes at once. Answers come in the language of the question.</source>
        <translation>立即生效。回答使用提问的语言。</translation>
    </message>
    <message>
        <source>Keyboard</source>
        <translation>键盘</translation>
    </message>
    <message>
        <source>Send a question with %1</source>
        <extracomment>a key, such as Enter</extracomment>
        <translation>用 %1 发送问题</translation>
    </message>
    <message>
        <source>Send a question with</source>
        <translation>发送问题用</translation>
    </message>
    <message>
        <source>%1 begins a new line in either case; %2 lists all keys.</source>
        <extracomment>both are keys</extracomment>
        <translation>无论哪种，%1 都另起一行；%2 列出全部按键。</translation>
    </message>
</context>
<context>
    <name>argali::gui::GoneServerLine</name>
    <message>
        <source>Ask this computer</source>
        <translation>改由本机回答</translation>
    </message>
    <message>
        <source>Ask another server</source>
        <translation>改问其他服务器</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <extracomment>a model and the name of its server</extracomment>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>The server that this chat asked is not among yours any more.</source>
        <translation>此对话所用的服务器已不在您的服务器之列。</translation>
    </message>
</context>
<context>
    <name>argali::gui::GroupFields</name>
    <message>
        <source>In order</source>
        <translation>按顺序</translation>
    </message>
    <message>
        <source>By share</source>
        <translation>按份额</translation>
    </message>
    <message>
        <source>Group: servers that answer for each other</source>
        <translation>组：互相代答的服务器</translation>
    </message>
    <message>
        <source>None: this server answers alone</source>
        <translation>无：此服务器单独回答</translation>
    </message>
    <message>
        <source>Name of the group</source>
        <translation>组的名称</translation>
    </message>
    <message>
        <source>The group is asked in the order of the list</source>
        <translation>按列表顺序询问组内服务器</translation>
    </message>
    <message>
        <source>The group is asked by share</source>
        <translation>按份额询问组内服务器</translation>
    </message>
    <message>
        <source>Share of the questions</source>
        <translation>问题份额</translation>
    </message>
    <message>
        <source>Its servers are asked</source>
        <translation>询问方式</translation>
    </message>
    <message>
        <source>Share of this server, beside those of the others</source>
        <translation>此服务器相对其他服务器的份额</translation>
    </message>
    <message>
        <source>Each question goes to one of the servers, by chance and as often as its share says; when it fails, to another one. Only models of the same name are shared.</source>
        <translation>每个问题按份额随机交给其中一台服务器；失败时交给另一台。只有同名的模型才会共用。</translation>
    </message>
    <message>
        <source>The first of the list that can answers, the next one when it fails. The arrows in the list change the order. Only models of the same name are shared.</source>
        <translation>由列表中第一台可用的服务器回答，失败时由下一台回答。列表中的箭头可改变顺序。只有同名的模型才会共用。</translation>
    </message>
    <message>
        <source>Alone in the group “%1”; name it for another server, too.</source>
        <translation>组“%1”中只有它；请也为另一台服务器填写此组名。</translation>
    </message>
    <message>
        <source>In the group “%1”; it gets about %2 % of the questions.</source>
        <extracomment>%2: a number</extracomment>
        <translation>在组“%1”中；约 %2 % 的问题交给它。</translation>
    </message>
    <message>
        <source>In the group “%1”; it is asked first.</source>
        <translation>在组“%1”中；最先询问它。</translation>
    </message>
    <message>
        <source>In the group “%1”, place %2 of %3; it is asked when those before it fail.</source>
        <extracomment>%2 and %3: numbers</extracomment>
        <translation>在组“%1”中排第 %2 位，共 %3 台；前面的失败时询问它。</translation>
    </message>
</context>
<context>
    <name>argali::gui::HistoryControl</name>
    <message>
        <source>“%1” was deleted.</source>
        <translation>“%1”已删除。</translation>
    </message>
    <message>
        <source>The question and its answer were deleted.</source>
        <translation>问题及其回答已删除。</translation>
    </message>
    <message>
        <source>Argali ended while it was opening “%1”. This chat was left closed; you can open it from the list.</source>
        <translation>Argali 上次在打开“%1”时退出。该对话未自动打开；可从列表中打开。</translation>
    </message>
</context>
<context>
    <name>argali::gui::HistoryDatabase</name>
    <message>
        <source>Your chats cannot be written to: check the rights of %1 and the space there. Earlier chats can be read, but new ones are not kept.</source>
        <translation>无法写入对话记录：请检查 %1 的权限和剩余空间。之前的对话可以阅读，但新对话不会保存。</translation>
    </message>
    <message>
        <source>Your chats cannot be opened: check the rights of %1 and the space there. Everything else works, but chats are not kept.</source>
        <translation>无法打开对话记录：请检查 %1 的权限和剩余空间。其他功能正常，但对话不会保存。</translation>
    </message>
    <message>
        <source>The file of your chats is damaged and cannot be put aside: check the rights of %1. Everything else works, but chats are not kept.</source>
        <translation>对话记录文件已损坏且无法移开：请检查 %1 的权限。其他功能正常，但对话不会保存。</translation>
    </message>
    <message>
        <source>The file of your chats was damaged. It was put aside as %1, and a new one was begun.</source>
        <translation>对话记录文件已损坏，已另存为 %1，并新建了一个文件。</translation>
    </message>
    <message>
        <source>Your chats were written by a newer Argali. They can be read here, but new ones are not kept.</source>
        <translation>对话记录由更新版本的 Argali 写入。可在此阅读，但新对话不会保存。</translation>
    </message>
    <message>
        <source>Your chats cannot be saved: their file cannot be written to. Argali keeps them while it is open and goes on trying.</source>
        <translation>无法保存对话：文件不可写。Argali 打开期间会保留它们并继续尝试。</translation>
    </message>
    <message>
        <source>Your chats cannot be saved: the disk may be full. Argali keeps them while it is open and goes on trying.</source>
        <translation>无法保存对话：磁盘可能已满。Argali 打开期间会保留它们并继续尝试。</translation>
    </message>
</context>
<context>
    <name>argali::gui::HistoryWorker</name>
    <message>
        <source>This chat cannot be read. The others are not touched by it.</source>
        <translation>无法读取此对话。其他对话不受影响。</translation>
    </message>
</context>
<context>
    <name>argali::gui::HtmlExport</name>
    <message>
        <source>Chat of %1, exported from Argali</source>
        <translation>%1 的对话，由 Argali 导出</translation>
    </message>
    <message>
        <source>Model: %1</source>
        <translation>模型：%1</translation>
    </message>
    <message numerus="yes">
        <source>%Ln question(s)</source>
        <translation>
            <numerusform>%Ln 个问题</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::KeyQuestion</name>
    <message>
        <source>Key of a server</source>
        <translation>服务器密钥</translation>
    </message>
    <message>
        <source>%1 wants a key, and none is known here.</source>
        <translation>%1 需要密钥，而这里没有。</translation>
    </message>
    <message>
        <source>Use this key</source>
        <translation>使用此密钥</translation>
    </message>
    <message>
        <source>There is no keychain on this system: the key is in memory only, and asked for again at the next start.</source>
        <translation>此系统没有钥匙串：密钥只在内存中，下次启动时会再次询问。</translation>
    </message>
    <message>
        <source>It will be kept in the system&apos;s keychain, and in no file of Argali.</source>
        <translation>它将保存在系统钥匙串中，不会写入 Argali 的任何文件。</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>以后再说</translation>
    </message>
</context>
<context>
    <name>argali::gui::LinkQuestion</name>
    <message>
        <source>Open a link</source>
        <translation>打开链接</translation>
    </message>
    <message>
        <source>Open this address in the web browser?</source>
        <translation>在网页浏览器中打开此地址？</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
</context>
<context>
    <name>argali::gui::LoadedModel</name>
    <message>
        <source>Pocket</source>
        <translation>口袋模型</translation>
    </message>
</context>
<context>
    <name>argali::gui::MainWindow</name>
    <message>
        <source>The draft cannot be kept on disk. Check free space and rights.</source>
        <translation>草稿无法保存到磁盘。请检查剩余空间和权限。</translation>
    </message>
    <message>
        <source>The transcript is shown at %1 %</source>
        <translation>对话以 %1 % 显示</translation>
    </message>
    <message>
        <source>An answer is being written. Compare when it is done.</source>
        <translation>正在写回答。请在完成后再比较。</translation>
    </message>
    <message>
        <source>No server is known yet. Add one in the settings.</source>
        <translation>还没有服务器。请在设置中添加。</translation>
    </message>
</context>
<context>
    <name>argali::gui::MarkdownExport</name>
    <message>
        <source>Chat of %1, exported from Argali</source>
        <translation>%1 的对话，由 Argali 导出</translation>
    </message>
    <message>
        <source>Model: %1</source>
        <translation>模型：%1</translation>
    </message>
    <message numerus="yes">
        <source>%Ln question(s)</source>
        <translation>
            <numerusform>%Ln 个问题</numerusform>
        </translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
</context>
<context>
    <name>argali::gui::MediaDialog</name>
    <message>
        <source>Attach pictures or a film</source>
        <translation>添加图像或视频</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Films</source>
        <translation>视频</translation>
    </message>
    <message>
        <source>All files</source>
        <translation>所有文件</translation>
    </message>
</context>
<context>
    <name>argali::gui::MediaFile</name>
    <message numerus="yes">
        <source>%1 · %Ln frame(s)</source>
        <extracomment>length of a film and how many frames it has, &quot;00:08 · 240 frames&quot;</extracomment>
        <translation>
            <numerusform>%1 · %Ln 帧</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>argali::gui::MediaStage</name>
    <message>
        <source>The pictures and films of the chat cannot be copied to %1. Check the free space and the rights there.</source>
        <translation>无法将对话中的图像和视频复制到 %1。请检查那里的可用空间和权限。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ModelAdapters</name>
    <message numerus="yes">
        <source>A model has at most %n adapter(s) here. Remove one that is not needed.</source>
        <translation>
            <numerusform>每个模型在此最多有 %n 个适配器。请移除不需要的。</numerusform>
        </translation>
    </message>
    <message>
        <source>Another model has been opened meanwhile. Add it again when its own model is open.</source>
        <translation>其间已打开另一个模型。请在打开其所属模型后重新添加。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ModelChooser</name>
    <message>
        <source>Model that answers</source>
        <translation>作答的模型</translation>
    </message>
    <message>
        <source>Pocket</source>
        <translation>口袋模型</translation>
    </message>
    <message>
        <source>loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>%1 · on this CPU</source>
        <translation>%1 · 本机 CPU</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>无模型</translation>
    </message>
    <message>
        <source>Model: %1</source>
        <translation>模型：%1</translation>
    </message>
    <message>
        <source>Pocket model (in the program)</source>
        <translation>口袋模型（程序自带）</translation>
    </message>
    <message>
        <source>Open a model folder…</source>
        <translation>打开模型文件夹…</translation>
    </message>
    <message>
        <source>Stop loading</source>
        <translation>停止加载</translation>
    </message>
    <message>
        <source>%1 parameters, %2, context %3</source>
        <extracomment>parameters, number type, context of a model</extracomment>
        <translation>%1 参数，%2，上下文 %3</translation>
    </message>
    <message>
        <source>%1 GB of memory</source>
        <translation>%1 GB 内存</translation>
    </message>
    <message>
        <source>Open a model folder</source>
        <translation>打开模型文件夹</translation>
    </message>
    <message>
        <source>on %1</source>
        <translation>在 %1 上</translation>
    </message>
    <message>
        <source>Connect to a server…</source>
        <translation>连接服务器…</translation>
    </message>
    <message>
        <source>Servers…</source>
        <translation>服务器…</translation>
    </message>
    <message>
        <source>Compare two models…</source>
        <translation>比较两个模型…</translation>
    </message>
    <message>
        <source>Serve this model…</source>
        <translation>提供此模型…</translation>
    </message>
    <message>
        <source>Lets other programs ask it, on this computer or others</source>
        <translation>让本机或其他计算机上的程序向它提问</translation>
    </message>
    <message>
        <source>%1 + %2</source>
        <translation>%1 + %2</translation>
    </message>
</context>
<context>
    <name>argali::gui::ModelsPage</name>
    <message>
        <source>Folder for models</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Each model is a folder as it was published, with its config.json. Those that lie here stand in the menu of models.</source>
        <translation>每个模型是一个按发布原样、含 config.json 的文件夹。放在这里的模型会出现在模型菜单中。</translation>
    </message>
    <message>
        <source>Choose the folder for models</source>
        <translation>选择模型文件夹</translation>
    </message>
    <message>
        <source>Back to the usual folder</source>
        <translation>恢复为常用文件夹</translation>
    </message>
    <message>
        <source>Opened before</source>
        <translation>以前打开过的</translation>
    </message>
    <message>
        <source>This folder is not there yet. Make it and put models into it, or choose another one.</source>
        <translation>此文件夹尚不存在。请创建它并放入模型，或另选一个。</translation>
    </message>
    <message>
        <source>This folder is not there any more. Choose another one, or connect the disk it is on.</source>
        <translation>此文件夹已不存在。请另选一个，或连接它所在的磁盘。</translation>
    </message>
    <message>
        <source>This folder cannot be read: check its rights, or choose another one.</source>
        <translation>无法读取此文件夹：请检查权限，或另选一个。</translation>
    </message>
    <message>
        <source>Is open</source>
        <translation>已打开</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open %1</source>
        <translation>打开 %1</translation>
    </message>
    <message>
        <source>No models lie here.</source>
        <translation>这里没有模型。</translation>
    </message>
    <message>
        <source>Forget %1</source>
        <translation>忘记 %1</translation>
    </message>
    <message>
        <source>Forget %1. Its files stay where they are.</source>
        <translation>忘记 %1。其文件留在原处。</translation>
    </message>
    <message>
        <source>None but the pocket model.</source>
        <translation>只有口袋模型。</translation>
    </message>
</context>
<context>
    <name>argali::gui::NoticeLine</name>
    <message>
        <source>Close this line</source>
        <translation>关闭此行</translation>
    </message>
</context>
<context>
    <name>argali::gui::PictureFields</name>
    <message>
        <source>Tiles of a picture</source>
        <translation>图片分块数</translation>
    </message>
    <message>
        <source>A picture is cut into at most this many tiles. More show finer detail and take more tokens and time.</source>
        <translation>一张图片最多切成这么多块。块数越多，细节越清楚，所需词元和时间也越多。</translation>
    </message>
    <message>
        <source>As it comes</source>
        <translation>按模型默认</translation>
    </message>
    <message>
        <source>Smallest picture</source>
        <translation>最小图片</translation>
    </message>
    <message>
        <source>A smaller picture is enlarged to this many pixels.</source>
        <translation>更小的图片会放大到这么多像素。</translation>
    </message>
    <message>
        <source>Largest picture</source>
        <translation>最大图片</translation>
    </message>
    <message>
        <source>A larger picture is scaled down to this many pixels. More show finer detail and take more tokens and time.</source>
        <translation>更大的图片会缩小到这么多像素。像素越多，细节越清楚，所需词元和时间也越多。</translation>
    </message>
    <message>
        <source>Made square by</source>
        <translation>变为正方形的方式</translation>
    </message>
    <message>
        <source>Padding</source>
        <translation>补边</translation>
    </message>
    <message>
        <source>Cropping</source>
        <translation>裁剪</translation>
    </message>
    <message>
        <source>The whole picture, with bars beside it</source>
        <translation>完整图片，两侧补边</translation>
    </message>
    <message>
        <source>The middle of the picture, without its ends</source>
        <translation>图片中间部分，去掉两端</translation>
    </message>
    <message>
        <source>Prompt template</source>
        <translation>提示模板</translation>
    </message>
    <message>
        <source>How the conversation is written down for the model. A fine-tuned model may need the one it was trained with.</source>
        <translation>对话以何种格式写给模型。微调过的模型可能需要训练时所用的模板。</translation>
    </message>
    <message>
        <source>At most %1, or %2 tokens for each picture.</source>
        <extracomment>of tiles; tokens of the prompt for each picture</extracomment>
        <translation>最多 %1，即每张图片 %2 个词元。</translation>
    </message>
    <message>
        <source>In thousands of pixels. The model comes with %1.</source>
        <extracomment>of pixels</extracomment>
        <translation>以千像素为单位。模型默认为 %1。</translation>
    </message>
</context>
<context>
    <name>argali::gui::PictureViewer</name>
    <message>
        <source>Picture</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Earlier picture</source>
        <translation>上一张图像</translation>
    </message>
    <message>
        <source>Later picture</source>
        <translation>下一张图像</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适合窗口</translation>
    </message>
    <message>
        <source>Fit the picture to the window</source>
        <translation>让图像适合窗口</translation>
    </message>
    <message>
        <source>Actual size</source>
        <translation>实际大小</translation>
    </message>
    <message>
        <source>Show the picture&apos;s own pixels</source>
        <translation>按图像原始像素显示</translation>
    </message>
</context>
<context>
    <name>argali::gui::PlainTranscript</name>
    <message>
        <source>Transcript</source>
        <translation>对话</translation>
    </message>
</context>
<context>
    <name>argali::gui::PointedMedia</name>
    <message>
        <source>The film is not in the question any more. Attach it again to choose its frames.</source>
        <translation>视频已不在问题中。请重新添加以选择其帧。</translation>
    </message>
</context>
<context>
    <name>argali::gui::PresetRow</name>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Name of the preset</source>
        <translation>预设名称</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Defaults</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>As a new chat begins; they are in the settings</source>
        <translation>新对话的初始值，可在设置中修改</translation>
    </message>
    <message>
        <source>Save as a preset…</source>
        <translation>另存为预设…</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>This replaced what you had chosen for this chat.</source>
        <translation>已替换您为此对话所做的选择。</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Changed</source>
        <translation>已更改</translation>
    </message>
    <message>
        <source>This name means something else here. Choose another name.</source>
        <translation>此名称在这里另有含义，请换一个名称。</translation>
    </message>
    <message>
        <source>Overwrite</source>
        <translation>覆盖</translation>
    </message>
    <message>
        <source>There is a preset “%1” already. Overwrite it?</source>
        <translation>已有预设“%1”。要覆盖吗？</translation>
    </message>
    <message>
        <source>The preset “%1” was deleted.</source>
        <translation>预设“%1”已删除。</translation>
    </message>
    <message>
        <source>Preset: %1</source>
        <translation>预设：%1</translation>
    </message>
    <message>
        <source>This chat answers as a new one does</source>
        <translation>此对话与新对话的回答方式相同</translation>
    </message>
    <message>
        <source>What this chat answers by is no preset yet</source>
        <translation>此对话的回答方式尚未存为预设</translation>
    </message>
</context>
<context>
    <name>argali::gui::PresetStore</name>
    <message>
        <source>The file of your presets is damaged. It was put aside as %1.</source>
        <translation>预设文件已损坏，已另存为 %1。</translation>
    </message>
    <message>
        <source>The file of your presets is of a newer Argali. It was put aside as %1.</source>
        <translation>预设文件来自更新版本的 Argali，已另存为 %1。</translation>
    </message>
    <message>
        <source>Some of your presets could not be read. The others are here, and the file with all of them was put aside as %1.</source>
        <translation>部分预设无法读取。其余的都在，含全部预设的文件已另存为 %1。</translation>
    </message>
    <message>
        <source>The file of your presets can neither be read nor put aside: check the rights of %1. Until then presets are forgotten when Argali ends.</source>
        <translation>预设文件既无法读取也无法移开：请检查 %1 的权限。在此之前，Argali 退出后预设不会保留。</translation>
    </message>
    <message>
        <source>There is a preset of this name already. Choose another name.</source>
        <translation>已有同名预设，请换一个名称。</translation>
    </message>
    <message>
        <source>This preset is not there any more.</source>
        <translation>此预设已不存在。</translation>
    </message>
    <message>
        <source>A preset needs a name.</source>
        <translation>预设需要名称。</translation>
    </message>
    <message>
        <source>There are %1 presets, and more have no room. Delete one first.</source>
        <translation>已有 %1 个预设，无法再添加。请先删除一个。</translation>
    </message>
    <message>
        <source>This has no room: all presets together may have %1. Delete one, or shorten the system prompt.</source>
        <translation>空间不足：所有预设合计最多 %1。请删除一个，或缩短系统提示。</translation>
    </message>
    <message>
        <source>The presets cannot be written to %1, and are forgotten when Argali ends. Check free space and rights. (%2)</source>
        <translation>无法将预设写入 %1，Argali 退出后不会保留。请检查可用空间和权限。（%2）</translation>
    </message>
</context>
<context>
    <name>argali::gui::PrivacyPage</name>
    <message>
        <source>What is stored</source>
        <translation>存储的内容</translation>
    </message>
    <message>
        <source>Chats</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Open the folder of the chats</source>
        <translation>打开对话所在文件夹</translation>
    </message>
    <message>
        <source>Pictures and films that were sent</source>
        <translation>已发送的图像和视频</translation>
    </message>
    <message>
        <source>Open the folder of what was sent</source>
        <translation>打开已发送内容所在文件夹</translation>
    </message>
    <message>
        <source>Pasted pictures</source>
        <translation>粘贴的图像</translation>
    </message>
    <message>
        <source>Open the folder of pasted pictures</source>
        <translation>打开粘贴图像所在文件夹</translation>
    </message>
    <message>
        <source>What is being written</source>
        <translation>正在写的内容</translation>
    </message>
    <message>
        <source>Open the folder of drafts</source>
        <translation>打开草稿所在文件夹</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Open the folder of the settings</source>
        <translation>打开设置所在文件夹</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Open the folder of the log</source>
        <translation>打开日志所在文件夹</translation>
    </message>
    <message>
        <source>Path: %1</source>
        <extracomment>what is stored, &quot;Chats&quot;</extracomment>
        <translation>路径：%1</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Clear all chats…</source>
        <translation>清除全部对话…</translation>
    </message>
    <message>
        <source>Clear everything…</source>
        <translation>清除所有内容…</translation>
    </message>
    <message>
        <source>Clear everything</source>
        <translation>清除所有内容</translation>
    </message>
    <message>
        <source>Clear all chats</source>
        <translation>清除全部对话</translation>
    </message>
    <message>
        <source>Clear everything that Argali has stored?</source>
        <translation>清除 Argali 存储的所有内容？</translation>
    </message>
    <message>
        <source>Clear all chats?</source>
        <translation>清除全部对话？</translation>
    </message>
    <message>
        <source>All chats and folders of chats go, with the copies of pictures and films that were sent in them, pasted pictures, everything being written, and damaged or earlier files of chats that were put aside. An answer under way is stopped. Your own pictures and films, models and settings stay. This cannot be undone.</source>
        <translation>将删除全部对话和对话文件夹、其中所发送图像和视频的副本、粘贴的图像、所有正在写的内容，以及先前搁置的已损坏或旧版对话文件。正在生成的回答会停止。您自己的图像、视频、模型和设置会保留。此操作无法撤销。</translation>
    </message>
    <message>
        <source>Clearing…</source>
        <translation>正在清除…</translation>
    </message>
    <message>
        <source>These could not be removed; check their rights and remove them yourself:
%1</source>
        <translation>以下内容无法删除；请检查权限并自行删除：
%1</translation>
    </message>
    <message>
        <source>All chats were cleared.</source>
        <translation>已清除全部对话。</translation>
    </message>
    <message>
        <source>Everything was cleared.</source>
        <translation>已清除所有内容。</translation>
    </message>
    <message>
        <source>Empty</source>
        <translation>空</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Open the folder of the presets</source>
        <translation>打开预设所在文件夹</translation>
    </message>
    <message>
        <source>Nothing leaves this computer by itself</source>
        <translation>没有内容会自行离开本机</translation>
    </message>
    <message>
        <source>Models run here, and what you write, attach and are answered is only in the files below. Argali opens connections to no servers but those you have named in these settings, and sends a question only to the one you have chosen for it.</source>
        <translation>模型在本机运行，您写下、添加和得到的内容只在下面的文件中。Argali 只连接您在这些设置中命名的服务器，并且只把问题发送给您为它选择的那一台。</translation>
    </message>
    <message>
        <source>Servers, without their keys</source>
        <translation>服务器（不含密钥）</translation>
    </message>
    <message>
        <source>Open the folder of the servers</source>
        <translation>打开服务器所在的文件夹</translation>
    </message>
    <message>
        <source>Keys of servers are in the system&apos;s keychain, under “Argali”.</source>
        <translation>服务器的密钥保存在系统钥匙串的“Argali”下。</translation>
    </message>
    <message>
        <source>All chats and folders of chats go, with the copies of pictures and films that were sent in them, pasted pictures, everything being written, damaged or earlier files of chats that were put aside, all presets, all servers with their keys, all settings and the log. An answer under way is stopped. Your own pictures, films and models stay. This cannot be undone.</source>
        <translation>将删除所有对话和对话文件夹，以及其中发送的图片和视频的副本、粘贴的图片、正在写的内容、被移开的损坏或较早的对话文件、所有预设、所有服务器及其密钥、所有设置和日志。正在进行的回答会停止。您自己的图片、视频和模型会保留。此操作无法撤销。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ProfileStore</name>
    <message>
        <source>The file of your servers is damaged. It was put aside as %1.</source>
        <translation>您的服务器文件已损坏，已移到 %1。</translation>
    </message>
    <message>
        <source>The file of your servers is of a newer Argali and is left as it is: %1. Servers that you add here are forgotten when Argali ends.</source>
        <translation>您的服务器文件来自较新的 Argali，将保持原样：%1。在此添加的服务器会在 Argali 结束时被忘记。</translation>
    </message>
    <message>
        <source>Some of your servers could not be read. The others are here, and the file with all of them was put aside as %1.</source>
        <translation>有些服务器无法读取。其余的在这里，包含全部服务器的文件已移到 %1。</translation>
    </message>
    <message>
        <source>The file of your servers can neither be read nor put aside: check the rights of %1. Until then servers are forgotten when Argali ends.</source>
        <translation>您的服务器文件既无法读取也无法移开：请检查 %1 的权限。在此之前，服务器会在 Argali 结束时被忘记。</translation>
    </message>
    <message>
        <source>This server is there already.</source>
        <translation>此服务器已存在。</translation>
    </message>
    <message>
        <source>This server is not there any more.</source>
        <translation>此服务器已不存在。</translation>
    </message>
    <message>
        <source>This name cannot be used. Choose another one.</source>
        <translation>无法使用此名称。请换一个。</translation>
    </message>
    <message>
        <source>There are %1 servers, and more have no room. Remove one first.</source>
        <translation>已有 %1 台服务器，没有更多空间。请先移除一台。</translation>
    </message>
    <message>
        <source>This has no room in the file of the servers. Remove one first.</source>
        <translation>服务器文件中没有空间了。请先移除一台。</translation>
    </message>
    <message>
        <source>The servers cannot be written to %1, and are forgotten when Argali ends. Check free space and rights. (%2)</source>
        <translation>服务器无法写入 %1，会在 Argali 结束时被忘记。请检查可用空间和权限。（%2）</translation>
    </message>
    <message>
        <source>This name of a group cannot be used. Choose another one.</source>
        <translation>不能使用此组名。请换一个。</translation>
    </message>
</context>
<context>
    <name>argali::gui::QuestionCost</name>
    <message>
        <source>Cost of the question</source>
        <translation>问题的开销</translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s) · %1 to send</source>
        <translation>
            <numerusform>%Ln 张图片 · 将发送 %1</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 to send</source>
        <translation>将发送 %1</translation>
    </message>
    <message>
        <source>What goes to the server with this question. How many tokens it makes of that is known from its answer.</source>
        <translation>随此问题发送到服务器的内容。它占多少词元要从回答中才能得知。</translation>
    </message>
</context>
<context>
    <name>argali::gui::RegionCard</name>
    <message>
        <source>Places in the picture</source>
        <translation>图像中的位置</translation>
    </message>
</context>
<context>
    <name>argali::gui::RemoteFailure</name>
    <message>
        <source>Nobody answers at the address of %1. Start the server, or correct address and port in the settings.</source>
        <translation>%1 的地址无人应答。请启动服务器，或在设置中更正地址和端口。</translation>
    </message>
    <message>
        <source>The host name of %1 is not known. Correct it in the settings, or look whether this computer is connected.</source>
        <translation>找不到 %1 的主机名。请在设置中更正，或检查本机是否联网。</translation>
    </message>
    <message>
        <source>There is no way to %1. Look whether this computer is connected to its network.</source>
        <translation>无法到达 %1。请检查本机是否连接到它的网络。</translation>
    </message>
    <message>
        <source>%1 said nothing for too long. Ask again, or allow it more time in the settings.</source>
        <translation>%1 太久没有回应。请重新提问，或在设置中给它更多时间。</translation>
    </message>
    <message>
        <source>The proxy in front of %1 does not let us through. Look at the proxy in the settings.</source>
        <translation>%1 前的代理不让通过。请检查设置中的代理。</translation>
    </message>
    <message>
        <source>There is no safe connection to %1: its certificate is not trusted here. Add its authority in the settings, or correct the address.</source>
        <translation>无法与 %1 建立安全连接：此处不信任它的证书。请在设置中添加其颁发机构，或更正地址。</translation>
    </message>
    <message>
        <source>The connection to %1 ended before the answer did. What came stays.</source>
        <translation>与 %1 的连接在回答结束前中断。已收到的内容会保留。</translation>
    </message>
    <message numerus="yes">
        <source>%1 takes at most %n picture(s) or frames in one question. Choose fewer.</source>
        <translation>
            <numerusform>%1 在一个问题中最多接受 %n 张图片或帧。请减少选择。</numerusform>
        </translation>
    </message>
    <message>
        <source>These are more pictures or frames than %1 takes in one question. Choose fewer.</source>
        <translation>图片或帧的数量超过了 %1 在一个问题中可接受的数量。请减少选择。</translation>
    </message>
    <message>
        <source>%1 is still loading its model (%2 %). Ask again when it is ready.</source>
        <translation>%1 仍在加载模型（%2 %）。请在就绪后重新提问。</translation>
    </message>
    <message>
        <source>%1 is still loading its model. Ask again when it is ready.</source>
        <translation>%1 仍在加载模型。请在就绪后重新提问。</translation>
    </message>
    <message>
        <source>%1 does not accept the key. Enter the right one in the settings.</source>
        <translation>%1 不接受此密钥。请在设置中输入正确的密钥。</translation>
    </message>
    <message>
        <source>What answers at the address of %1 is no server of this kind. Correct the address in the settings.</source>
        <translation>%1 的地址上应答的不是此类服务器。请在设置中更正地址。</translation>
    </message>
    <message>
        <source>%1 does not have the model %2 any more. Choose another one.</source>
        <translation>%1 已没有模型 %2。请选择其他模型。</translation>
    </message>
    <message>
        <source>%1 has too much to do. Ask again in a moment.</source>
        <translation>%1 太忙。请稍后重新提问。</translation>
    </message>
    <message>
        <source>The question is larger than %1 takes. Use fewer or smaller pictures.</source>
        <translation>问题超过了 %1 可接受的大小。请使用更少或更小的图片。</translation>
    </message>
    <message>
        <source>The chat is longer than the context of %1. Use fewer frames, or begin a new chat.</source>
        <translation>对话超过了 %1 的上下文。请减少帧数，或开始新对话。</translation>
    </message>
    <message>
        <source>%1 refuses this question. The details say why.</source>
        <translation>%1 拒绝了此问题。原因见详细信息。</translation>
    </message>
    <message>
        <source>%1 reports a fault of its own. Ask again; if it stays, its log says more.</source>
        <translation>%1 报告了自身的故障。请重新提问；若仍如此，请查看其日志。</translation>
    </message>
    <message>
        <source>What %1 sends cannot be read. The details say more.</source>
        <translation>无法读取 %1 发送的内容。请查看详细信息。</translation>
    </message>
    <message>
        <source>%1 gave no answer. The details say more.</source>
        <translation>%1 没有给出回答。请查看详细信息。</translation>
    </message>
    <message>
        <source>%1 did not hold the thinking budget.</source>
        <translation>%1 没有遵守思考预算。</translation>
    </message>
    <message>
        <source>%1 decides itself how large pictures are for the model.</source>
        <translation>%1 自行决定给模型的图片大小。</translation>
    </message>
    <message>
        <source>%1 does not let thinking be switched on or off.</source>
        <translation>%1 不允许开关思考。</translation>
    </message>
    <message>
        <source>%1 takes no film as a file; its frames were sent.</source>
        <translation>%1 不接受视频文件；已发送其帧。</translation>
    </message>
    <message>
        <source>The answer had parts that are no text; they are left out.</source>
        <translation>回答中有非文本部分，已略去。</translation>
    </message>
    <message>
        <source>%1 ended the answer because of what it is about.</source>
        <translation>%1 因内容原因结束了回答。</translation>
    </message>
    <message>
        <source>%1 ended the answer early.</source>
        <translation>%1 提前结束了回答。</translation>
    </message>
    <message>
        <source>%1 did not say whether the answer is complete.</source>
        <translation>%1 没有说明回答是否完整。</translation>
    </message>
</context>
<context>
    <name>argali::gui::RemoteReplySource</name>
    <message>
        <source>No server of this group can be asked now. Look at the connections, or choose another one.</source>
        <translation>此组中目前没有可提问的服务器。请查看连接，或选择其他服务器。</translation>
    </message>
    <message>
        <source>%1 did not answer; %2 was asked instead.</source>
        <translation>%1 没有回答；已改问 %2。</translation>
    </message>
    <message>
        <source>The server that this goes to is not among yours any more. Choose another model.</source>
        <translation>此问题所发往的服务器已不在您的服务器之列。请选择其他模型。</translation>
    </message>
</context>
<context>
    <name>argali::gui::SampleCard</name>
    <message>
        <source>Ask about the sample film: %1</source>
        <translation>就示例视频提问：%1</translation>
    </message>
    <message>
        <source>Ask about the sample picture: %1</source>
        <translation>就示例图像提问：%1</translation>
    </message>
    <message>
        <source>Attaches this sample and asks the question</source>
        <translation>添加此示例并提问</translation>
    </message>
</context>
<context>
    <name>argali::gui::SamplingPanel</name>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Make these the defaults</source>
        <translation>设为默认</translation>
    </message>
    <message>
        <source>A new chat will begin with what is chosen here; other chats keep theirs</source>
        <translation>新对话将以此处的选择开始；其他对话保持不变</translation>
    </message>
    <message>
        <source>Back to %1, as in a new chat</source>
        <translation>恢复为 %1（与新对话相同）</translation>
    </message>
</context>
<context>
    <name>argali::gui::SeenPicture</name>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>Token grid</source>
        <translation>词元网格</translation>
    </message>
    <message>
        <source>What the model sees of %1</source>
        <translation>模型看到的 %1</translation>
    </message>
    <message>
        <source>Each field becomes one visual token</source>
        <translation>每一格成为一个视觉词元</translation>
    </message>
</context>
<context>
    <name>argali::gui::SendingFields</name>
    <message>
        <source>As key frames</source>
        <translation>作为关键帧</translation>
    </message>
    <message>
        <source>As one file</source>
        <translation>作为单个文件</translation>
    </message>
    <message>
        <source>Send pictures as they are</source>
        <translation>按原样发送图像</translation>
    </message>
    <message>
        <source>Films go as key frames</source>
        <translation>视频作为关键帧发送</translation>
    </message>
    <message>
        <source>Films go as one file</source>
        <translation>视频作为单个文件发送</translation>
    </message>
    <message>
        <source>Films go</source>
        <translation>视频发送方式</translation>
    </message>
    <message>
        <source>The server chooses the frames itself, from the whole film. Where it takes no film as a file, the key frames go.</source>
        <translation>由服务器自行从整段视频中选择帧。如果它不接受视频文件，则发送关键帧。</translation>
    </message>
    <message>
        <source>Pictures go in their full size, and photos (JPEG) with all that stands in their files, such as the place where they were taken.</source>
        <translation>图像以原始大小发送；照片（JPEG）会连同文件中的全部信息一起发送，例如拍摄地点。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServeDialog</name>
    <message>
        <source>Serve this model</source>
        <translation>提供此模型</translation>
    </message>
    <message>
        <source>Other programs ask the model at an address of this computer, as they ask servers of the OpenAI style. Nothing leaves this computer but the answers to them.</source>
        <translation>其他程序可以通过本机的一个地址向模型提问，方式与 OpenAI 风格的服务器相同。除了给它们的回答，没有任何内容离开本机。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Reached from</source>
        <translation>可访问范围</translation>
    </message>
    <message>
        <source>One that is free</source>
        <extracomment>in place of the number of a port</extracomment>
        <translation>空闲端口</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>0: one that is free</source>
        <translation>0：任意空闲端口</translation>
    </message>
    <message>
        <source>This computer only</source>
        <translation>仅本机</translation>
    </message>
    <message>
        <source>All computers of the network</source>
        <translation>网络中的所有计算机</translation>
    </message>
    <message>
        <source>Computers that reach %1</source>
        <translation>能访问 %1 的计算机</translation>
    </message>
    <message>
        <source>Programs have to send a key</source>
        <translation>程序须发送密钥</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>Log of the server</source>
        <translation>服务器日志</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Closes this window. What is served stays served.</source>
        <translation>关闭此窗口。模型继续提供服务。</translation>
    </message>
    <message>
        <source>Start serving</source>
        <translation>开始服务</translation>
    </message>
    <message>
        <source>None is open</source>
        <translation>没有打开的模型</translation>
    </message>
    <message>
        <source>Others can read what goes over the network, since it is not encrypted. Programs have to send the key below.</source>
        <translation>网络上传输的内容未加密，他人可以读取。程序须发送下面的密钥。</translation>
    </message>
    <message>
        <source>Open a model on this computer first.</source>
        <translation>请先在本机打开一个模型。</translation>
    </message>
    <message>
        <source>Stop them now</source>
        <translation>立即停止它们</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop serving</source>
        <translation>停止服务</translation>
    </message>
    <message>
        <source>Nobody asks at the moment.</source>
        <translation>目前没有请求。</translation>
    </message>
    <message>
        <source>Requests are listed here while the model is served.</source>
        <translation>提供服务期间，请求会列在这里。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServedRequestList</name>
    <message>
        <source>Stop the request of %1</source>
        <translation>停止 %1 的请求</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServerBook</name>
    <message>
        <source>%1 (%2)</source>
        <extracomment>a model and the name of its server</extracomment>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>This server is not there any more.</source>
        <translation>此服务器已不存在。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServerForm</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>As you call it; empty: its address</source>
        <translation>您给它的称呼；留空则用其地址</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>密钥</translation>
    </message>
    <message>
        <source>Forget the key</source>
        <translation>忘记密钥</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Further headers, each on a line of its own</source>
        <translation>附加标头，每行一个</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>HTTPS_PROXY, HTTP_PROXY and NO_PROXY; without them as the desktop says</source>
        <translation>HTTPS_PROXY、HTTP_PROXY 和 NO_PROXY；没有时按桌面设置</translation>
    </message>
    <message>
        <source>Proxy: %1</source>
        <extracomment>one of System, None, Address</extracomment>
        <translation>代理：%1</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>代理</translation>
    </message>
    <message>
        <source>Address of the proxy</source>
        <translation>代理地址</translation>
    </message>
    <message>
        <source>Certificates of an authority of your own (PEM)</source>
        <translation>您自己的颁发机构证书（PEM）</translation>
    </message>
    <message>
        <source>None: those of the system</source>
        <translation>无：使用系统证书</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Choose the file of certificates</source>
        <translation>选择证书文件</translation>
    </message>
    <message>
        <source> s</source>
        <translation> 秒</translation>
    </message>
    <message>
        <source>Longest wait for the connection</source>
        <translation>连接最长等待时间</translation>
    </message>
    <message>
        <source>Longest silence within an answer</source>
        <translation>回答中最长无响应时间</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation>测试连接</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>The key was entered for another address. Enter it again, or forget it.</source>
        <translation>密钥是为另一地址输入的。请重新输入，或忘记它。</translation>
    </message>
    <message>
        <source>What you changed is not saved yet. Save it, or choose Cancel.</source>
        <translation>您的修改尚未保存。请保存，或选择“取消”。</translation>
    </message>
    <message>
        <source>Asking the server…</source>
        <translation>正在询问服务器…</translation>
    </message>
    <message>
        <source>Kind of server: %1</source>
        <translation>服务器类型：%1</translation>
    </message>
    <message>
        <source>Kind of server: %1 %2</source>
        <translation>服务器类型：%1 %2</translation>
    </message>
    <message numerus="yes">
        <source>Models: %1 and %Ln more</source>
        <translation>
            <numerusform>模型：%1 及另外 %Ln 个</numerusform>
        </translation>
    </message>
    <message>
        <source>Models: %1</source>
        <translation>模型：%1</translation>
    </message>
    <message>
        <source>There is one; type another to replace it</source>
        <translation>已有密钥；输入新的可替换</translation>
    </message>
    <message>
        <source>There is no keychain on this system: the key is in memory only, and asked for again at the next start.</source>
        <translation>此系统没有钥匙串：密钥只在内存中，下次启动时会再次询问。</translation>
    </message>
    <message>
        <source>Kept in the system&apos;s keychain.</source>
        <translation>保存在系统钥匙串中。</translation>
    </message>
    <message>
        <source>The key is forgotten when you save.</source>
        <translation>保存时将忘记密钥。</translation>
    </message>
    <message>
        <source>It will be kept in the system&apos;s keychain, and in no file of Argali.</source>
        <translation>它将保存在系统钥匙串中，不会写入 Argali 的任何文件。</translation>
    </message>
    <message>
        <source>What its models can</source>
        <translation>其模型的能力</translation>
    </message>
    <message>
        <source>What you say here is kept at once, for this server and model.</source>
        <translation>您在此所选的会立即为此服务器和模型保存。</translation>
    </message>
    <message>
        <source>of the OpenAI style</source>
        <translation>OpenAI 风格</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServersPage</name>
    <message>
        <source>Add a server</source>
        <translation>添加服务器</translation>
    </message>
    <message>
        <source>Models on other machines, or in other programs of this one: vLLM, LMDeploy, llama-server, Ollama, LM Studio and others of the OpenAI style. What you send to a server leaves this computer; Argali asks no others than those you name here.</source>
        <translation>其他机器上或本机其他程序中的模型：vLLM、LMDeploy、llama-server、Ollama、LM Studio 以及其他 OpenAI 风格的服务器。发送给服务器的内容会离开本机；Argali 不会询问您在此命名以外的服务器。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>There is no server yet.</source>
        <translation>还没有服务器。</translation>
    </message>
    <message>
        <source>Check %1 now</source>
        <translation>立即检查 %1</translation>
    </message>
    <message>
        <source>Change %1</source>
        <translation>修改 %1</translation>
    </message>
    <message>
        <source>Remove %1</source>
        <translation>移除 %1</translation>
    </message>
    <message>
        <source>There is no keychain on this system that Argali can use. Keys are in memory only, and asked for again at the next start.</source>
        <translation>此系统上没有 Argali 可用的钥匙串。密钥只在内存中，下次启动时会再次询问。</translation>
    </message>
    <message>
        <source>Save what you have changed, or choose Cancel, before you open another server.</source>
        <translation>打开另一台服务器前，请保存修改或选择“取消”。</translation>
    </message>
    <message>
        <source>The server “%1” was removed.</source>
        <translation>已移除服务器“%1”。</translation>
    </message>
    <message>
        <source>Move %1 up</source>
        <translation>将 %1 上移</translation>
    </message>
    <message>
        <source>Move %1 down</source>
        <translation>将 %1 下移</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServingAccess</name>
    <message>
        <source>$ARGALI_API_KEY stands for the key.</source>
        <translation>$ARGALI_API_KEY 代表密钥。</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Address to give to programs (base URL)</source>
        <translation>提供给程序的地址（base URL）</translation>
    </message>
    <message>
        <source>Copy the address</source>
        <translation>复制地址</translation>
    </message>
    <message>
        <source>From a terminal</source>
        <translation>在终端中</translation>
    </message>
    <message>
        <source>Example for a terminal</source>
        <translation>终端示例</translation>
    </message>
    <message>
        <source>Copy the example</source>
        <translation>复制示例</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServingControl</name>
    <message>
        <source>Close Argali</source>
        <translation>关闭 Argali</translation>
    </message>
    <message numerus="yes">
        <source>%Ln request(s) to the model that is served are not answered yet. Closing the window stops them, and the server.</source>
        <translation>
            <numerusform>对所提供模型的 %Ln 个请求尚未回答。关闭窗口会停止这些请求和服务器。</numerusform>
        </translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServingCost</name>
    <message>
        <source>The server opens the model a second time, beside the one in this window: about %1 more of memory. %2 are free.</source>
        <translation>服务器会在此窗口之外再次打开模型：约需再占用 %1 内存。可用 %2。</translation>
    </message>
    <message>
        <source>The server opens the model a second time. For its whole context it would take %1, and %2 are free: it takes a shorter one, with room for less in a conversation.</source>
        <translation>服务器会再次打开模型。完整上下文需要 %1，而可用 %2：它会使用较短的上下文，对话可容纳的内容更少。</translation>
    </message>
    <message>
        <source>The server opens the model a second time, which takes at least %1, and %2 are free. It will hardly start: close other programs, or open a smaller model.</source>
        <translation>服务器会再次打开模型，至少需要 %1，而可用 %2。它很可能无法启动：请关闭其他程序，或打开更小的模型。</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServingKey</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>Show the key</source>
        <translation>显示密钥</translation>
    </message>
    <message>
        <source>Make a new key</source>
        <translation>生成新密钥</translation>
    </message>
    <message>
        <source>Copy the key</source>
        <translation>复制密钥</translation>
    </message>
    <message>
        <source>It is kept in memory only, until Argali ends.</source>
        <translation>它只保存在内存中，直到 Argali 结束。</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>argali::gui::ServingWords</name>
    <message>
        <source>The server cannot be started: its program, argali-cli, is not beside this one or cannot be run. Install Argali again.</source>
        <translation>无法启动服务器：其程序 argali-cli 不在本程序旁边，或无法运行。请重新安装 Argali。</translation>
    </message>
    <message>
        <source>Port %1 is taken by another program. Choose another one, or 0 for one that is free.</source>
        <translation>端口 %1 已被其他程序占用。请换一个，或填 0 以使用空闲端口。</translation>
    </message>
    <message>
        <source>You may not use port %1. Choose one from 1024 on.</source>
        <translation>您无权使用端口 %1。请选择 1024 或以上的端口。</translation>
    </message>
    <message>
        <source>%1 is no address of this computer now. Choose another one.</source>
        <translation>%1 现在不是本机的地址。请换一个。</translation>
    </message>
    <message>
        <source>There is not enough memory to open the model a second time. Close other programs, or open a smaller model.</source>
        <translation>内存不足，无法再次打开模型。请关闭其他程序，或打开更小的模型。</translation>
    </message>
    <message>
        <source>The server cannot open the model. The log below says why.</source>
        <translation>服务器无法打开模型。原因见下面的日志。</translation>
    </message>
    <message>
        <source>The device that computes has failed, or is not there any more. Choose another one in the settings.</source>
        <translation>计算设备出错或已不存在。请在设置中选择其他设备。</translation>
    </message>
    <message>
        <source>The server has ended unexpectedly. The log below may say why; start it again.</source>
        <translation>服务器意外结束。下面的日志可能说明了原因；请重新启动它。</translation>
    </message>
    <message>
        <source>The server did not start. The log below says why.</source>
        <translation>服务器未能启动。原因见下面的日志。</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 秒</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <extracomment>minutes and seconds</extracomment>
        <translation>%1 分 %2 秒</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <extracomment>hours and minutes</extracomment>
        <translation>%1 小时 %2 分</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>阅读</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>深度思考</translation>
    </message>
    <message>
        <source>Answering</source>
        <translation>回答中</translation>
    </message>
    <message>
        <source>The model is not served.</source>
        <translation>未提供此模型。</translation>
    </message>
    <message>
        <source>Starting: the model is being loaded, %1 %.</source>
        <translation>正在启动：正在加载模型，%1 %。</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在启动…</translation>
    </message>
    <message>
        <source>The server runs, but does not answer this window at the moment.</source>
        <translation>服务器在运行，但目前没有应答此窗口。</translation>
    </message>
    <message>
        <source>%1 is served at %2.</source>
        <translation>正在 %2 提供 %1。</translation>
    </message>
    <message>
        <source>Finishing the answers that are under way; no others are begun.</source>
        <translation>正在完成进行中的回答；不再开始新的。</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>Server starting</source>
        <translation>服务器启动中</translation>
    </message>
    <message numerus="yes">
        <source>Serving, %Ln request(s)</source>
        <translation>
            <numerusform>服务中，%Ln 个请求</numerusform>
        </translation>
    </message>
    <message>
        <source>Serving</source>
        <translation>服务中</translation>
    </message>
    <message>
        <source>Server stopping</source>
        <translation>服务器停止中</translation>
    </message>
    <message>
        <source>Server failed</source>
        <translation>服务器出错</translation>
    </message>
    <message>
        <source>A program on this computer</source>
        <translation>本机上的程序</translation>
    </message>
    <message>
        <source>A program on another computer</source>
        <translation>其他计算机上的程序</translation>
    </message>
    <message>
        <source>%1, on this computer</source>
        <translation>%1（本机）</translation>
    </message>
    <message>
        <source>%1, on another computer</source>
        <translation>%1（其他计算机）</translation>
    </message>
    <message>
        <source>%1 + %2 tokens</source>
        <extracomment>of a question and of the answer so far</extracomment>
        <translation>%1 + %2 词元</translation>
    </message>
    <message>
        <source>%1 tokens</source>
        <extracomment>of a question</extracomment>
        <translation>%1 词元</translation>
    </message>
    <message>
        <source>A key has letters, digits and signs of English keyboards, no blanks, and at most %1 of them.</source>
        <translation>密钥由英文键盘上的字母、数字和符号组成，不含空格，最多 %1 个字符。</translation>
    </message>
    <message>
        <source>A key that nobody guesses has at least %1 characters.</source>
        <translation>不易被猜到的密钥至少有 %1 个字符。</translation>
    </message>
</context>
<context>
    <name>argali::gui::SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Pages of the settings</source>
        <translation>设置页面</translation>
    </message>
    <message>
        <source>General</source>
        <translation>通用</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>About</source>
        <translation>关于</translation>
    </message>
    <message>
        <source>Servers</source>
        <translation>服务器</translation>
    </message>
</context>
<context>
    <name>argali::gui::ShortcutList</name>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>Find a key or what it does</source>
        <translation>查找按键或其作用</translation>
    </message>
    <message>
        <source>What it does</source>
        <translation>作用</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>按键</translation>
    </message>
</context>
<context>
    <name>argali::gui::Shortcuts</name>
    <message>
        <source>Chats</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Start another chat</source>
        <translation>开始新对话</translation>
    </message>
    <message>
        <source>Make a folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Search chats</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>Rename the chat</source>
        <translation>重命名对话</translation>
    </message>
    <message>
        <source>Delete the chat</source>
        <translation>删除对话</translation>
    </message>
    <message>
        <source>Take back what was deleted last</source>
        <translation>撤销最近的删除</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>List of chats</source>
        <translation>对话列表</translation>
    </message>
    <message>
        <source>Open the chat, open or close the folder</source>
        <translation>打开对话，展开或收起文件夹</translation>
    </message>
    <message>
        <source>Rename the chat or folder</source>
        <translation>重命名对话或文件夹</translation>
    </message>
    <message>
        <source>Delete the chat or folder</source>
        <translation>删除对话或文件夹</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>New line</source>
        <translation>换行</translation>
    </message>
    <message>
        <source>Attach pictures or a film</source>
        <translation>附加图像或视频</translation>
    </message>
    <message>
        <source>Paste text, a picture or files</source>
        <translation>粘贴文字、图像或文件</translation>
    </message>
    <message>
        <source>Change the last question</source>
        <translation>修改上一个问题</translation>
    </message>
    <message>
        <source>Ask for the last answer again</source>
        <translation>重新生成上一个回答</translation>
    </message>
    <message>
        <source>Stop the answer, or the loading of a model</source>
        <translation>停止回答或模型加载</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>阅读</translation>
    </message>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Next place</source>
        <translation>下一处</translation>
    </message>
    <message>
        <source>Earlier place</source>
        <translation>上一处</translation>
    </message>
    <message>
        <source>End finding</source>
        <translation>结束查找</translation>
    </message>
    <message>
        <source>Larger text in the transcript</source>
        <translation>放大对话文字</translation>
    </message>
    <message>
        <source>Smaller text in the transcript</source>
        <translation>缩小对话文字</translation>
    </message>
    <message>
        <source>Text of the transcript as it was</source>
        <translation>恢复对话文字大小</translation>
    </message>
    <message>
        <source>Attached picture</source>
        <translation>附加的图像</translation>
    </message>
    <message>
        <source>See what the model sees</source>
        <translation>查看模型所见</translation>
    </message>
    <message>
        <source>Move it one place to the left</source>
        <translation>左移一位</translation>
    </message>
    <message>
        <source>Move it one place to the right</source>
        <translation>右移一位</translation>
    </message>
    <message>
        <source>Remove it</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Frames of a film</source>
        <translation>视频的帧</translation>
    </message>
    <message>
        <source>Move the frame by one to the left</source>
        <translation>将帧左移一帧</translation>
    </message>
    <message>
        <source>Move the frame by one to the right</source>
        <translation>将帧右移一帧</translation>
    </message>
    <message>
        <source>Move the frame by ten to the left</source>
        <translation>将帧左移十帧</translation>
    </message>
    <message>
        <source>Move the frame by ten to the right</source>
        <translation>将帧右移十帧</translation>
    </message>
    <message>
        <source>Go to the frame before</source>
        <translation>转到前一帧</translation>
    </message>
    <message>
        <source>Go to the next frame</source>
        <translation>转到下一帧</translation>
    </message>
    <message>
        <source>Go to the first frame</source>
        <translation>转到第一帧</translation>
    </message>
    <message>
        <source>Go to the last frame</source>
        <translation>转到最后一帧</translation>
    </message>
    <message>
        <source>Remove the frame</source>
        <translation>移除该帧</translation>
    </message>
    <message>
        <source>Show the frame in the film</source>
        <translation>在视频中显示该帧</translation>
    </message>
    <message>
        <source>Preview of a film</source>
        <translation>视频预览</translation>
    </message>
    <message>
        <source>One frame to the left</source>
        <translation>向左一帧</translation>
    </message>
    <message>
        <source>One frame to the right</source>
        <translation>向右一帧</translation>
    </message>
    <message>
        <source>Ten frames to the left</source>
        <translation>向左十帧</translation>
    </message>
    <message>
        <source>Ten frames to the right</source>
        <translation>向右十帧</translation>
    </message>
    <message>
        <source>Play or pause</source>
        <translation>播放或暂停</translation>
    </message>
    <message>
        <source>Give the model the frame shown here</source>
        <translation>将此处显示的帧交给模型</translation>
    </message>
    <message>
        <source>Viewer of pictures</source>
        <translation>图像查看器</translation>
    </message>
    <message>
        <source>Earlier picture</source>
        <translation>前一幅图像</translation>
    </message>
    <message>
        <source>Later picture</source>
        <translation>后一幅图像</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Enlarge</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Reduce</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Fit the picture to the window</source>
        <translation>使图像适合窗口</translation>
    </message>
    <message>
        <source>Show the picture&apos;s own pixels</source>
        <translation>按原始像素显示图像</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Show or hide the list of chats</source>
        <translation>显示或隐藏对话列表</translation>
    </message>
    <message>
        <source>Show or hide the Answer panel</source>
        <translation>显示或隐藏回答面板</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>This list of keys</source>
        <translation>此按键列表</translation>
    </message>
    <message>
        <source> or </source>
        <extracomment>between two keys that do the same</extracomment>
        <translation> 或 </translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <extracomment>what a button does, and the key that does the same</extracomment>
        <translation>%1（%2）</translation>
    </message>
</context>
<context>
    <name>argali::gui::ShownModel</name>
    <message>
        <source>The device %1 that was chosen is not here. The model runs on %2.</source>
        <translation>所选设备 %1 不在此处。模型在 %2 上运行。</translation>
    </message>
    <message>
        <source>The pocket model</source>
        <translation>口袋模型</translation>
    </message>
    <message>
        <source>%1 was not opened. %2</source>
        <extracomment>name of a model, and why it does not open</extracomment>
        <translation>%1 未能打开。%2</translation>
    </message>
    <message>
        <source>Loading was stopped.</source>
        <translation>已停止加载。</translation>
    </message>
</context>
<context>
    <name>argali::gui::StatusLine</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>%1 tok/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>Loading the model %1 / %2</source>
        <translation>正在加载模型 %1 / %2</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>Reading pictures %1 / %2</source>
        <translation>正在读取图像 %1 / %2</translation>
    </message>
    <message>
        <source>Reading pictures</source>
        <translation>正在读取图像</translation>
    </message>
    <message>
        <source>Looking %1 / %2</source>
        <translation>正在看图 %1 / %2</translation>
    </message>
    <message>
        <source>Looking</source>
        <translation>正在看图</translation>
    </message>
    <message>
        <source>Prompt %1 / %2 tokens</source>
        <translation>提示词 %1 / %2 词元</translation>
    </message>
    <message>
        <source>Reading the prompt</source>
        <translation>正在读取提示词</translation>
    </message>
    <message>
        <source>Thinking %1 / %2</source>
        <translation>思考 %1 / %2</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Memory %1 / %2 GB</source>
        <translation>内存 %1 / %2 GB</translation>
    </message>
    <message>
        <source>Memory %1 GB</source>
        <translation>内存 %1 GB</translation>
    </message>
    <message>
        <source>What the model needs with its whole context, and what the device has</source>
        <translation>模型在完整上下文下所需的内存，以及设备的内存</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>无模型</translation>
    </message>
    <message>
        <source>Pocket model ready</source>
        <translation>口袋模型就绪</translation>
    </message>
    <message>
        <source>%1 ready</source>
        <translation>%1 就绪</translation>
    </message>
    <message numerus="yes">
        <source>Answering, %Ln token(s)</source>
        <translation>
            <numerusform>正在作答，%Ln 词元</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln thread(s)</source>
        <translation>
            <numerusform>%Ln 线程</numerusform>
        </translation>
    </message>
    <message>
        <source>Waiting for the answer</source>
        <translation>正在等待回答</translation>
    </message>
    <message>
        <source>Sending %1 / %2</source>
        <translation>正在发送 %1 / %2</translation>
    </message>
    <message>
        <source>%1 stops</source>
        <extracomment>a key, and what it does to what is under way</extracomment>
        <translation>%1 停止</translation>
    </message>
</context>
<context>
    <name>argali::gui::StatusSentence</name>
    <message>
        <source>%1 wants a key, and Argali has none. Enter it in the settings, on the page “Servers”.</source>
        <translation>%1 需要密钥，而 Argali 没有。请在设置的“服务器”页中输入。</translation>
    </message>
    <message>
        <source>%1 has not been looked at yet.</source>
        <translation>尚未检查 %1。</translation>
    </message>
    <message>
        <source>Connected to %1: %2</source>
        <translation>已连接 %1：%2</translation>
    </message>
    <message>
        <source>Connected to %1, which has no model. Load one there.</source>
        <translation>已连接 %1，但它没有模型。请在那里加载一个。</translation>
    </message>
    <message>
        <source>Connected to %1: %2. None of its models sees pictures; questions without pictures work.</source>
        <translation>已连接 %1：%2。它的模型都不能看图片；不带图片的问题可以使用。</translation>
    </message>
    <message>
        <source>The name %1 is not known. Check how it is written, and whether this computer is on the network.</source>
        <translation>找不到名称 %1。请检查拼写，以及本机是否联网。</translation>
    </message>
    <message>
        <source>%1 does not answer in time. It may be busy, switched off, or behind a firewall; Argali keeps trying.</source>
        <translation>%1 没有及时应答。它可能繁忙、已关闭或在防火墙后；Argali 会继续尝试。</translation>
    </message>
    <message>
        <source>What answers at %1 is no server of the OpenAI style. Check the port, and that the address is the one before /v1.</source>
        <translation>%1 上应答的不是 OpenAI 风格的服务器。请检查端口，以及地址是否为 /v1 之前的部分。</translation>
    </message>
    <message>
        <source>%1 cannot be used now, and does not say why. Look at its log.</source>
        <translation>%1 现在无法使用，也没有说明原因。请查看其日志。</translation>
    </message>
    <message>
        <source>%1 cannot be used now: %2</source>
        <translation>%1 现在无法使用：%2</translation>
    </message>
    <message>
        <source>%1 is starting and loads its model. It will be ready by itself.</source>
        <translation>%1 正在启动并加载模型，会自行就绪。</translation>
    </message>
    <message>
        <source>%1 is starting and loads its model: %2 %. It will be ready by itself.</source>
        <translation>%1 正在启动并加载模型：%2 %。会自行就绪。</translation>
    </message>
    <message>
        <source>Nothing listens at %1. Start the server there, or check the port; a server on another machine has to listen on its network address, too.</source>
        <translation>%1 上没有程序在监听。请在那里启动服务器，或检查端口；另一台机器上的服务器还须监听其网络地址。</translation>
    </message>
    <message>
        <source>%1 does not take the key. Enter the right one in the settings, on the page “Servers”.</source>
        <translation>%1 不接受此密钥。请在设置的“服务器”页中输入正确的密钥。</translation>
    </message>
    <message>
        <source>%1 wants a key. Enter it in the settings, on the page “Servers”.</source>
        <translation>%1 需要密钥。请在设置的“服务器”页中输入。</translation>
    </message>
    <message>
        <source>There is no safe connection to %1. If its certificate is of your own authority, name that file in the settings; if it has none, write http:// before the address.</source>
        <translation>无法与 %1 建立安全连接。若其证书来自您自己的颁发机构，请在设置中指定该文件；若没有证书，请在地址前写 http://。</translation>
    </message>
    <message>
        <source>There is no safe connection to %1. Check that the file of certificates is the one of its authority, and that the address has the name in the certificate.</source>
        <translation>无法与 %1 建立安全连接。请检查证书文件是否属于其颁发机构，以及地址是否为证书中的名称。</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <extracomment>a sentence, and what the system says</extracomment>
        <translation>%1（%2）</translation>
    </message>
</context>
<context>
    <name>argali::gui::TranscriptActions</name>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Open another model…</source>
        <translation>打开其他模型…</translation>
    </message>
    <message>
        <source>%1 is not there any more, or cannot be read.</source>
        <translation>%1 已不存在，或无法读取。</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
</context>
<context>
    <name>argali::gui::TranscriptTurn</name>
    <message>
        <source>Thinking</source>
        <translation>正在思考</translation>
    </message>
    <message>
        <source>Thought for %1 s</source>
        <translation>思考 %1 秒</translation>
    </message>
    <message>
        <source>Thought</source>
        <translation>已思考</translation>
    </message>
    <message>
        <source>%1 of %2 tokens</source>
        <translation>%1 / %2 词元</translation>
    </message>
    <message numerus="yes">
        <source>%n token(s)</source>
        <translation>
            <numerusform>%n 词元</numerusform>
        </translation>
    </message>
    <message>
        <source>%1, budget reached</source>
        <translation>%1，已达预算</translation>
    </message>
    <message>
        <source>Answer now</source>
        <translation>立即回答</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Edit and ask again</source>
        <translation>修改并重新提问</translation>
    </message>
</context>
<context>
    <name>argali::gui::TranscriptView</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy link address</source>
        <translation>复制链接地址</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>Copy the answer</source>
        <translation>复制回答</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Copy the code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Answer now</source>
        <translation>立即回答</translation>
    </message>
    <message>
        <source>To the end</source>
        <translation>跳到末尾</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Your question</source>
        <translation>你的问题</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>not done</source>
        <translation>未完成</translation>
    </message>
    <message>
        <source>Show or hide the thinking</source>
        <translation>显示或隐藏思考</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Copy the question</source>
        <translation>复制问题</translation>
    </message>
    <message>
        <source>Edit and ask again</source>
        <translation>修改并重新提问</translation>
    </message>
    <message>
        <source>Delete question and answer</source>
        <translation>删除问题和回答</translation>
    </message>
    <message>
        <source>Earlier version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Later version</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>What to do with this message</source>
        <translation>对这条消息的操作</translation>
    </message>
    <message>
        <source>Open the picture</source>
        <translation>打开图像</translation>
    </message>
    <message>
        <source>Show this moment of the film</source>
        <translation>转到视频的这一时刻</translation>
    </message>
    <message>
        <source>Show this place in the picture</source>
        <translation>显示图像中的这一处</translation>
    </message>
    <message>
        <source>The page that draws the transcript does not answer. Formulas and tables are shown as text until it does. Your chat is kept.</source>
        <translation>绘制对话的页面没有响应。在它恢复之前，公式和表格以文本显示。你的对话已保留。</translation>
    </message>
    <message>
        <source>The page that draws the transcript keeps ending. Formulas and tables are shown as text. Your chat is kept.</source>
        <translation>绘制对话的页面反复退出。公式和表格以文本显示。你的对话已保留。</translation>
    </message>
    <message>
        <source>Transcript</source>
        <translation>对话内容</translation>
    </message>
    <message>
        <source>Open the film</source>
        <translation>打开视频</translation>
    </message>
</context>
<context>
    <name>argali::gui::Turn</name>
    <message>
        <source>from this picture</source>
        <translation>根据这张图像</translation>
    </message>
    <message>
        <source>from this film</source>
        <translation>根据这个视频</translation>
    </message>
    <message numerus="yes">
        <source>from %Ln picture(s)</source>
        <translation>
            <numerusform>根据 %Ln 张图像</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>from %Ln frame(s)</source>
        <translation>
            <numerusform>根据 %Ln 帧</numerusform>
        </translation>
    </message>
    <message>
        <source>The frames of the film were taken at %1.</source>
        <extracomment>a line of the prompt; %1 is a list of times, &quot;00:00.0, 00:01.5&quot;</extracomment>
        <translation>视频各帧的时间为 %1。</translation>
    </message>
    <message>
        <source>%1 + %2</source>
        <extracomment>a model and its adapter, &quot;Llava-7B + birds&quot;</extracomment>
        <translation>%1 + %2</translation>
    </message>
</context>
<context>
    <name>argali::gui::TurnWords</name>
    <message>
        <source>The answer was still being written.</source>
        <translation>回答当时仍在生成。</translation>
    </message>
    <message numerus="yes">
        <source>Thinking · %Ln token(s)</source>
        <translation>
            <numerusform>思考 · %Ln 个词元</numerusform>
        </translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>深度思考</translation>
    </message>
    <message>
        <source>Frames at %1</source>
        <extracomment>%1 is a list of times, &quot;00:00.0, 00:01.5&quot;</extracomment>
        <translation>帧位于 %1</translation>
    </message>
    <message>
        <source>%1 was not there any more when this was exported.</source>
        <translation>导出时 %1 已不存在。</translation>
    </message>
    <message>
        <source>Other versions of questions and answers are not in this file.</source>
        <translation>问题和回答的其他版本不在此文件中。</translation>
    </message>
</context>
<context>
    <name>argali::gui::UndoLine</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Take back what was deleted</source>
        <translation>撤销删除</translation>
    </message>
</context>
<context>
    <name>argali::gui::ValueSlider</name>
    <message>
        <source>Back to the default, %1</source>
        <translation>恢复默认值 %1</translation>
    </message>
    <message>
        <source>Default for %1</source>
        <translation>%1的默认值</translation>
    </message>
</context>
<context>
    <name>argali::gui::WindowToolBar</name>
    <message>
        <source>List of chats</source>
        <translation>对话列表</translation>
    </message>
    <message>
        <source>Show or hide the list of chats (%1)</source>
        <translation>显示或隐藏对话列表 (%1)</translation>
    </message>
    <message>
        <source>Here</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Where answers come from</source>
        <translation>由谁回答</translation>
    </message>
    <message>
        <source>A model on this computer answers</source>
        <translation>由本机上的模型回答</translation>
    </message>
    <message>
        <source>A model of a server answers</source>
        <translation>由服务器上的模型回答</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Settings (%1)</source>
        <translation>设置（%1）</translation>
    </message>
    <message>
        <source>Answer panel</source>
        <translation>回答面板</translation>
    </message>
    <message>
        <source>Show or hide the Answer panel (%1)</source>
        <translation>显示或隐藏回答面板 (%1)</translation>
    </message>
</context>
</TS>
