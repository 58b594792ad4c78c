// Nothing: the source that cmake/QtotPrecompiled.cmake compiles the shared headers with.
int main() {
  return 0;
}
