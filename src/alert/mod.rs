//! In: a Record. Out: letters to the people who must know, sent until they are delivered.
