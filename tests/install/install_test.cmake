# Installs BUILD into a fresh prefix, moves the prefix away, then builds and runs a small project
# against the package and runs the program. Run with -DBUILD= -DSOURCE= -DWORK= -DVERSION=
# -DGENERATOR= -DCXX= -DCXX_FLAGS=.
function(run)
  cmake_parse_arguments(ARG "" "OUTPUT" "COMMAND" ${ARGN})
  list(JOIN ARG_COMMAND " " shown)
  execute_process(COMMAND ${ARG_COMMAND} RESULT_VARIABLE result OUTPUT_VARIABLE text
                  ERROR_VARIABLE errors)
  message(STATUS "${shown}\n${text}${errors}")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "exit code ${result}: ${shown}")
  endif()
  set(${ARG_OUTPUT} "${text}" PARENT_SCOPE)
endfunction()

function(expect text what)
  string(FIND "${text}" "${what}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "expected \"${what}\" in:\n${text}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run(OUTPUT log COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/built)
file(RENAME ${WORK}/built ${WORK}/moved)  # nothing may remember where it was built

run(OUTPUT log COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/consumer -B ${WORK}/consumer -G ${GENERATOR}
    -DCMAKE_PREFIX_PATH=${WORK}/moved -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${CXX_FLAGS}
    -DCMAKE_BUILD_TYPE=Release)
run(OUTPUT log COMMAND ${CMAKE_COMMAND} --build ${WORK}/consumer)
run(OUTPUT text COMMAND ${WORK}/consumer/consumer)
expect("${text}" "qtot ${VERSION}: q_tot = 7.5")

set(qtot ${WORK}/moved/bin/qtot)
run(OUTPUT text COMMAND ${qtot} --version)
expect("${text}" "qtot ${VERSION}")
# names that exist nowhere but in the prefix: the source tree's configurations cannot have answered
file(RENAME ${WORK}/moved/share/qtot/configs/algs/qmix.yaml
            ${WORK}/moved/share/qtot/configs/algs/installed_qmix.yaml)
file(RENAME ${WORK}/moved/share/qtot/configs/envs/two_step.yaml
            ${WORK}/moved/share/qtot/configs/envs/installed_two_step.yaml)
run(OUTPUT text COMMAND ${qtot} config --config=installed_qmix --env-config=installed_two_step)
expect("${text}" "share/qtot/configs/algs/installed_qmix.yaml")
expect("${text}" "share/qtot/configs/envs/installed_two_step.yaml")

# the example of docs/plugins.md, which needs one header of the prefix and no tree
run(OUTPUT log COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/../../docs/plugin_example -B ${WORK}/plugin
    -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK}/moved -DCMAKE_BUILD_TYPE=Release)
run(OUTPUT log COMMAND ${CMAKE_COMMAND} --build ${WORK}/plugin)
run(OUTPUT text COMMAND ${qtot} env play coin --seed=23 --steps=40 --plugin ${WORK}/plugin/coin.so)
file(READ ${SOURCE}/../golden/envs/coin.trace golden)
if(NOT text STREQUAL golden)
  message(FATAL_ERROR "the coin of the example plays otherwise than tests/golden/envs/coin.trace")
endif()
run(OUTPUT text COMMAND ${qtot} train --plugin ${WORK}/plugin/coin.so --out ${WORK}/run with env=coin
    t_max=40 batch_size=4 buffer_size=8)
expect("${text}" "fingerprint")
file(REMOVE_RECURSE ${WORK})
