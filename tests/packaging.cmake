# The desktop entry, the metadata and the window go by one name; run by ctest.
cmake_minimum_required(VERSION 3.25)
set(ROOT "${CMAKE_CURRENT_LIST_DIR}/..")
set(ID "org.argali.Argali")

function(expect file text)
  file(READ "${ROOT}/${file}" CONTENT)
  string(FIND "${CONTENT}" "${text}" AT)
  if(AT EQUAL -1)
    message(FATAL_ERROR "${file} has no ${text}")
  endif()
endfunction()

expect(packaging/${ID}.metainfo.xml "<id>${ID}</id>")
expect(packaging/${ID}.metainfo.xml "<launchable type=\"desktop-id\">${ID}.desktop</launchable>")
expect(packaging/${ID}.metainfo.xml "<icon type=\"stock\">${ID}</icon>")
expect(packaging/${ID}.desktop "\nIcon=${ID}\n")
expect(packaging/${ID}.desktop "\nExec=argali %F\n")
expect(gui/main.cpp "applicationId = \"${ID}\"")
