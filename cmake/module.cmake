# One call declares a module: a static library, its tests and its benchmarks.
#
#   lectio_add_module(NAME image
#     SOURCES decode.cpp resize.cpp        # beside the calling CMakeLists.txt
#     DEPS lectio_base                     # other modules, as src/layers.txt allows
#     PRIVATE_DEPS PNG::PNG)               # third-party libraries, never seen in our headers
#
# Every *_test.cpp beside it is linked into lectio_<name>_test, every *_bench.cpp into lectio_<name>_bench.
set(LECTIO_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
                    -Wdouble-promotion)
if(LECTIO_WERROR)
  list(APPEND LECTIO_WARNINGS -Werror)
endif()

function(lectio_add_module)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;DEPS;PRIVATE_DEPS;TEST_DEPS")
  set(target lectio_${arg_NAME})
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${LECTIO_WARNINGS}>)

  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  if(LECTIO_TESTS AND tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} ${arg_PRIVATE_DEPS} ${arg_TEST_DEPS}
                          GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_options(${target}_test PRIVATE ${LECTIO_WARNINGS})
    target_compile_definitions(${target}_test PRIVATE LECTIO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    gtest_discover_tests(${target}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
  endif()

  file(GLOB benches CONFIGURE_DEPENDS *_bench.cpp)
  if(LECTIO_BENCH AND benches)
    add_executable(${target}_bench ${benches})
    target_link_libraries(${target}_bench PRIVATE ${target} benchmark::benchmark benchmark::benchmark_main)
    target_compile_options(${target}_bench PRIVATE ${LECTIO_WARNINGS})
    target_compile_definitions(${target}_bench PRIVATE LECTIO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  endif()
endfunction()
