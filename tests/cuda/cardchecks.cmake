# The same tests on a card: programs bin/card_NAME with the module's own objects, for ./dev gpu-bundle. No card is
# needed to build them.
add_custom_target(card_checks)
add_dependencies(card_checks argali_cuda argali-cli)

add_library(argali_card_test OBJECT EXCLUDE_FROM_ALL cardmemory.cpp realcard.cpp ../support/testdevice.cpp)
target_link_libraries(argali_card_test PUBLIC argali_cuda_code argali_engine Qt6::Test)

function(argali_card_check name)
  add_executable(card_${name} EXCLUDE_FROM_ALL ${ARGN})
  set_target_properties(card_${name} PROPERTIES AUTOMOC ON)
  target_link_libraries(card_${name} PRIVATE argali_card_test)
  target_link_options(card_${name} PRIVATE -Wl,--as-needed) # most need nothing of the libraries for pictures
  target_compile_definitions(card_${name} PRIVATE ARGALI_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
  add_dependencies(card_checks card_${name})
endfunction()

foreach(name argmax attention attentionstep likeliest norm rope rows softmax streamread vision)
  argali_card_check(cuda${name} tst_cuda${name}.cpp)
endforeach()
foreach(name gemm gemv)
  argali_card_check(cuda${name} tst_cuda${name}.cpp productcase.cpp)
endforeach()
foreach(name ops opshapes visionops)
  argali_card_check(${name} ../engine/tst_${name}.cpp)
endforeach()
argali_card_check(cudamodel cardmodel.cpp modelcase.cpp)
