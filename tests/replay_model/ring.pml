/* The protocol of include/qtot/replay/ring.h for spin, which visits every interleaving (sequentially
 * consistent ones: weak memory is ring_model.cpp's part). Three writers, one reader; C = 3, U = 2,
 * W = 4, so that P = C + W - U = 5 is enough. -DP=4 must be found wrong.
 *
 * A slot counts who is inside; two writers, or a writer and the reader, are an error, and so is an
 * episode that is not the one that the reader asked for. */
#ifndef P
#define P 5
#endif
#define C 3
#define U 2
#define W 4
#define N 10
#define WRITERS 3

byte stamp[P];    /* ticket + 1 of what is published, 0 before */
byte held[P];     /* ticket + 1 of what the slot's memory holds */
byte writers[P];  /* inside now */
bool reader[P];
byte limit = W;
byte next = 0;    /* the schedule: next ticket */

proctype writer() {
  byte t;
  do
  :: atomic { next < N -> t = next; next++ };
     limit > t;                                     /* admits(t) */
     atomic { writers[t % P]++; assert(writers[t % P] == 1 && !reader[t % P]) };
     held[t % P] = t + 1;
     writers[t % P]--;
     stamp[t % P] = t + 1                           /* publish(t) */
  :: atomic { next == N -> break }
  od
}

proctype learner() {
  byte end = 0;
  byte t;
  do
  :: end < N ->
     t = end;
     end = end + U;
     do                                             /* advance(end) */
     :: t < end -> stamp[t % P] == t + 1; t++
     :: else -> break
     od;
     t = (end > C -> end - C : 0);
     do                                             /* read the window */
     :: t < end ->
        atomic { reader[t % P] = true; assert(writers[t % P] == 0) };
        assert(held[t % P] == t + 1);
        reader[t % P] = false;
        t++
     :: else -> break
     od;
     limit = end + W                                /* release() */
  :: else -> break
  od
}

init {
  atomic {
    byte i = 0;
    do
    :: i < WRITERS -> run writer(); i++
    :: else -> break
    od;
    run learner()
  }
}
