# The transcript's page as resources under :/page: our own files, and KaTeX and highlight.js from the
# system's packages, of which no copy is kept here.

function(argali_page_file variable name package)
  find_file(${variable} ${name} PATHS /usr/share/javascript /usr/share/nodejs NO_DEFAULT_PATH)
  if(NOT ${variable})
    message(FATAL_ERROR "The page needs ${name}, which is in the package ${package} (Debian's name). "
                        "Elsewhere set ${variable} to the file.")
  endif()
endfunction()

argali_page_file(ARGALI_KATEX_JS katex/katex.min.js libjs-katex)
argali_page_file(ARGALI_KATEX_CSS katex/katex.min.css libjs-katex)
argali_page_file(ARGALI_KATEX_FONT katex/fonts/KaTeX_Main-Regular.woff2 fonts-katex)
argali_page_file(ARGALI_HIGHLIGHT_JS highlight.js/highlight.min.js libjs-highlight.js)

set_source_files_properties(${ARGALI_KATEX_JS} PROPERTIES QT_RESOURCE_ALIAS katex/katex.js)
set_source_files_properties(${ARGALI_KATEX_CSS} PROPERTIES QT_RESOURCE_ALIAS katex/katex.css)
set_source_files_properties(${ARGALI_HIGHLIGHT_JS} PROPERTIES QT_RESOURCE_ALIAS highlight/highlight.js)
get_filename_component(fonts_folder ${ARGALI_KATEX_FONT} DIRECTORY)
file(GLOB katex_fonts ${fonts_folder}/KaTeX_*.woff2) # the package's list, not ours
foreach(font ${katex_fonts})
  get_filename_component(name ${font} NAME)
  set_source_files_properties(${font} PROPERTIES QT_RESOURCE_ALIAS katex/fonts/${name})
endforeach()

set(page_folder ${CMAKE_SOURCE_DIR}/resources/page)
set(page_files index.html page.css answer.css icons.js math.js code.js build.js scroll.js tools.js live.js turns.js copy.js main.js)
list(TRANSFORM page_files PREPEND ${page_folder}/)
qt_add_resources(argali_gui argali_page PREFIX "/page" BASE ${page_folder}
  FILES ${page_files} ${ARGALI_KATEX_JS} ${ARGALI_KATEX_CSS} ${ARGALI_HIGHLIGHT_JS} ${katex_fonts})
