// SPDX-License-Identifier: Apache-2.0

// usage: messages-cpp FOLDER SECONDS
//
// How fast C++ protobuf, as protoc makes it of src/wire/mesos.proto, reads the OFFERS event and writes the ACCEPT
// call that bench_task left in a folder. Prints lines as bench_task does: the best of several rounds, in processor
// time. Each event becomes a message that is new, on the heap and in an arena. The call is a message already, read
// from its bytes: making it is not counted.

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>

#include "mesos.pb.h"

namespace {

double Used() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

void Require(bool fine, const std::string& what) {
  if (fine) return;
  std::fprintf(stderr, "messages-cpp: %s\n", what.c_str());
  std::exit(1);
}

std::string Read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  Require(!bytes.empty(), path);
  return bytes;
}

// Nanoseconds of one call, in the best round; a round is so long that reading the clock doesn't count.
template <typename Call>
double Best(double seconds, Call call) {
  constexpr double kLong = 20e6;
  double least = 0;
  int n = 1;
  for (double end = Used() + seconds * 1e9; least == 0 || Used() < end;) {
    const double begin = Used();
    for (int i = 0; i < n; i++) Require(call(), "a message is not right");
    const double took = Used() - begin;
    if (took < kLong) {
      n *= 2;
    } else if (least == 0 || took / n < least) {
      least = took / n;
    }
  }
  return least;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: messages-cpp FOLDER SECONDS\n");
    return 64;
  }
  const std::string folder = argv[1];
  const std::string event = Read(folder + "/offers"), bytes = Read(folder + "/accept");
  const double third = std::atof(argv[2]) / 3;
  mesos::v1::Call call;
  Require(call.ParseFromString(bytes) && call.accept().operations_size() > 0, "no ACCEPT with operations");
  Require(call.ByteSizeLong() == bytes.size(), "the call is not what it was");
  const double heap = Best(third, [&event] {
    mesos::v1::Event e;
    return e.ParseFromString(event);
  });
  const double arena = Best(third, [&event] {
    google::protobuf::Arena all;
    return google::protobuf::Arena::CreateMessage<mesos::v1::Event>(&all)->ParseFromString(event);
  });
  const double encode = Best(third, [&call] {
    std::string out;
    return call.SerializeToString(&out);
  });
  const double scaled = static_cast<double>(event.size()) * 1e3;  // over nanoseconds it is MB/s
  std::printf("offers.decode.mb_per_s\t%.1f\tMB/s\n", scaled / heap);
  std::printf("offers.decode.arena.mb_per_s\t%.1f\tMB/s\n", scaled / arena);
  std::printf("task.encode.ns\t%.0f\tns\n", encode);
  return 0;
}
