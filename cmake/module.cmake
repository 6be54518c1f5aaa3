# One call declares a module: a static library, its tests and its benchmarks.
#
#   lectio_add_module(NAME image
#     SOURCES decode.cpp resize.cpp        # beside the calling CMakeLists.txt
#     DEPS lectio_base                     # other modules, as src/layers.txt allows
#     PRIVATE_DEPS PNG::PNG                # third-party libraries, never seen in our headers
#     OWN_HEADERS)                         # does not take the precompiled headers of all modules
#
# Every *_test.cpp beside it is linked into lectio_<name>_test, every *_bench.cpp into lectio_<name>_bench.
set(LECTIO_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
                    -Wdouble-promotion)
if(LECTIO_WERROR)
  list(APPEND LECTIO_WARNINGS -Werror)
endif()

# Reading the headers of the standard library, of JSON and of the tests is half of a compile. Without a compiler cache they are
# read once for all libraries and once for all tests, which are compiled with other flags. A build with ccache reads them
# in every file, and so notices an include that is missing.
if(NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT LECTIO_FUZZ)
  set(LECTIO_HEADERS <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <optional> <set> <span> <string>
              <string_view> <system_error> <utility> <vector> <nlohmann/json.hpp>)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/headers/library.cpp CONTENT "")
  # GCC 12 suspects the strings of its own library where their headers were precompiled.
  foreach(suspicion array-bounds maybe-uninitialized restrict stringop-overflow stringop-overread)
    list(APPEND LECTIO_WARNINGS $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-${suspicion}>)
  endforeach()
  add_library(lectio_headers OBJECT ${PROJECT_BINARY_DIR}/headers/library.cpp)
  target_compile_options(lectio_headers PRIVATE ${LECTIO_WARNINGS})  # -Wpedantic defines macros
  target_precompile_headers(lectio_headers PRIVATE ${LECTIO_HEADERS})
  if(LECTIO_TESTS)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/headers/test.cpp CONTENT "int main() {}\n")
    add_executable(lectio_test_headers ${PROJECT_BINARY_DIR}/headers/test.cpp)
    target_link_libraries(lectio_test_headers PRIVATE GTest::gtest GTest::gmock)
    target_compile_options(lectio_test_headers PRIVATE ${LECTIO_WARNINGS})
    target_precompile_headers(lectio_test_headers PRIVATE ${LECTIO_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()

# lectio_use_headers(TARGET lectio_headers|lectio_test_headers): takes them where they are precompiled.
function(lectio_use_headers target headers)
  if(TARGET ${headers})
    target_precompile_headers(${target} REUSE_FROM ${headers})
  endif()
endfunction()

function(lectio_add_module)
  cmake_parse_arguments(PARSE_ARGV 0 arg "OWN_HEADERS" "NAME" "SOURCES;DEPS;PRIVATE_DEPS;TEST_DEPS")
  set(target lectio_${arg_NAME})
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${LECTIO_WARNINGS}>)
  if(NOT arg_OWN_HEADERS)
    lectio_use_headers(${target} lectio_headers)
  endif()

  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  if(LECTIO_TESTS AND tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} ${arg_PRIVATE_DEPS} ${arg_TEST_DEPS}
                          GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_options(${target}_test PRIVATE ${LECTIO_WARNINGS})
    if(NOT arg_OWN_HEADERS)
      lectio_use_headers(${target}_test lectio_test_headers)
    endif()
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
