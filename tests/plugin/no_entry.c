/* A library, but no plugin. */
int nothing_to_see_here(void) {
  return 0;
}
