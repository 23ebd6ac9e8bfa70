#!/usr/bin/env python3
"""One-line bugs of the overlay, of the Directory and of queries that `dart sim chaos` must catch.

Each mutant replaces one piece of text in one .cpp file. The file is compiled with the flags of an existing build and
linked in front of that build's libraries; then random runs must find something wrong within the given seeds. Without
DART_SOAK=1 in the environment only one mutant is tried. Ends with 1 when a mutant survives, or when the text to replace
is gone.
"""
import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# name: (file in its room, or room/file, text, replacement)
OVERLAY = {
    'lease_unchecked': ('neighbours.cpp',
        'return leaves_.adjacent(side) == kNoPeer || now.us < it.lease_until;',
        'return true;'),
    'right_half_by_left': ('leaf_set.cpp',
        'if (it.size == limits::kLeafSide) {',
        'if (half(Side::Left).size == limits::kLeafSide) {'),
    'reroute_dropped': ('routing.cpp',
        'if (++hop.tries >= kHopTries) {',
        'if (++hop.tries >= 1) {'),
    'lease_from_arrival': ('neighbours.cpp',
        'static_cast<std::int64_t>(m.echo) + config_.lease.us',
        'now_.us + config_.lease.us'),
    'leaf_sets_never_compared': ('neighbours.cpp',
        'if (m.leaf_hash == leaves_.shared_hash(side)) {',
        'if (true) {'),
    'root_of_everything': ('routing.cpp',
        'return best != kNoPeer ? best : closest;\n  }',
        'return kNoPeer;\n  }'),
    'delivers_without_leases': ('routing.cpp',
        'if (!ready(now_)) {',
        'if (false) {'),
    'tells_half_of_its_right_leaves': ('peers.cpp',
        'for (std::size_t i = 0; i < leaves_.size(Side::Right); ++i) {',
        'for (std::size_t i = 0; i < leaves_.size(Side::Left) / 2; ++i) {'),
    'rumours_of_the_dead': ('peers.cpp',
        'lost != nullptr && !contact.node.replaces(lost->node)) {',
        'lost != nullptr && lost->left) {'),
    'suspect_never_refuted': ('suspicion.cpp',
        'if (Suspicion* known = find_suspicion(id); known != nullptr) {',
        'if (Suspicion* known = find_suspicion(id); known != nullptr && id.is_zero()) {'),
    'own_word_does_not_refute': ('peers.cpp',
        'if (!suspicions_.empty()) clear_suspicion(from.id);',
        ''),
    'stale_incarnation_accepted': ('identity.cpp',
        'if (!from.replaces(known)) {',
        'if (false) {'),
    'one_accuser_enough': ('suspicion.cpp',
        'if (!ask_witnesses(it)) dead.push_back(it.node);',
        'dead.push_back(it.node);'),
    'late_news_believed': ('suspicion.cpp',
        '} else if (!knows(from) || (!m.left && now_.us < accuse_after_)) {',
        '} else if (!knows(from)) {'),
    'accuses_after_a_pause': ('overlay_node.cpp',
        'accuse_after_ = now_.us + config_.suspect_after.us;',
        'accuse_after_ = 0;'),
    'deaths_not_told': ('suspicion.cpp',
        'if (tell) spread(dead, left, told, next_to_it);',
        ''),
    'lost_never_called': ('upkeep.cpp',
        'for (; calls_ > 0 && !neighbours.empty(); --calls_) {',
        'for (; false; --calls_) {'),
    'twin_not_looked_for': ('joining.cpp',
        'if (known != kNoPeer && !peers_[known].handle.same_life(joiner.node)) {',
        'if (false) {'),
    'takeover_wait_ignored': ('suspicion.cpp',
        'if (!left) it.hold_until = std::max(it.hold_until, it.promised_until);',
        ''),
}
DIRECTORY = {
    'lower_ballot_accepted': ('voter.cpp',
        'm.next < m.ballot || m.ballot < answer.promised ||',
        'm.next < m.ballot ||'),
    'epoch_unchecked': ('voter.cpp',
        'if (slot.epoch < shard.group.epoch) return Verdict::Moved;\n  if (slot.epoch > shard.group.epoch || !shard.votes())',
        'if (slot.epoch > shard.group.epoch || !shard.votes())'),
    'tombstone_dropped_early': ('voter.cpp',
        'if (known != nullptr) {',
        'if (known != nullptr && known->record.exists) {'),
    'votes_before_it_knows': ('catch_up.cpp',
        'return own >= shard.group.recovery() ||',
        'return own >= 1 ||'),
    'retry_applied_twice': ('coordinator.cpp',
        'if (const auto version = current.version_made_by(ask.request)) {',
        'if (const auto version = current.version_made_by(ask.request); false) {'),
    'newest_value_not_taken': ('coordinator.cpp',
        'if (vote.accepted > newest->accepted) newest = &vote;',
        ''),
    'one_voter_decides': ('coordinator.cpp',
        '|| attempt->votes.size() < group.majority()) return;',
        '|| attempt->votes.size() < 1) return;'),
    'one_voter_is_read': ('coordinator.cpp',
        'if (attempt->votes.size() == group.majority()) decide(*attempt, name);',
        'if (attempt->votes.size() == 1) decide(*attempt, name);'),
}
QUERIES = {
    'fence_ignored': ('placement/host.cpp',
        'if (known != hosted_.end() && (known->second.epoch > m.epoch || known->second.version > m.version)) {',
        'if (false) {'),
    'replay_not_deduplicated': ('engine/exchange/receiver.cpp',
        'if (frame.sequence != sequence_ + 1) {',
        'if (frame.sequence > sequence_ + 1) {'),
    'credits_leaked': ('engine/exchange/receiver.cpp',
        'consumed_bytes_ += std::min(plain_bytes, waiting_bytes() - gathered_.size());',
        'consumed_bytes_ += std::min(plain_bytes, waiting_bytes() - gathered_.size()) / 2;'),
    'barrier_before_its_rows': ('engine/remote_inputs.cpp',
        'if (!sender.barrier) return std::nullopt;',
        'if (!sender.barrier) continue;'),
    'two_schedulers_decide': ('placement/committing.cpp',
        'ask_record(query, RecordUse::Commit, directory::Operation::Set, query.version, encode(query.record));',
        'ask_record(query, RecordUse::Commit, directory::Operation::Set, directory::kAnyVersion, encode(query.record));'),
}
# room: (mutants, the one of every day, seeds, nodes)
ROOMS = {'overlay': (OVERLAY, 'root_of_everything', 200, 64), 'directory': (DIRECTORY, 'one_voter_decides', 500, 32),
         'queries': (QUERIES, 'credits_leaked', 200, 12)}
LIBRARIES = ('dart_apps', 'dart_sim', 'dart_node', 'dart_placement', 'placement_wire', 'dart_engine', 'dart_sql', 'dart_plan',
             'dart_columnar', 'dart_directory', 'directory_wire', 'tree_wire', 'soft_wire', 'dart_overlay', 'overlay_wire', 'dart_base')


def compile_command(build, source):
    """The words that compile `source` (absolute), without its -o and -c."""
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        if entry['file'] == str(source):
            words = shlex.split(entry['command'])
            words = words[next(i for i, word in enumerate(words) if word.endswith(('g++', 'clang++', 'clang++-14'))):]
            keep, skip = [], False
            for word in words:
                if skip:
                    skip = False
                elif word in ('-o', '-MT', '-MF', '-c'):
                    skip = True
                elif word != '-MD':
                    keep.append(word)
            return keep
    raise SystemExit(f'{source} is not compiled in {build}')


def check(room, name, build, seeds, nodes, folder):
    """What caught the mutant, or nothing."""
    file, text, replacement = ROOMS[room][0][name]
    source = ROOT / 'src' / (file if '/' in file else f'{room}/{file}')
    original = source.read_text()
    if original.count(text) < 1:
        raise SystemExit(f'{name}: "{text}" is not in {file} any more')
    mutated = folder / source.name
    mutated.write_text(original.replace(text, replacement, 1))
    flags = compile_command(build, source) + ['-Wno-error', '-w']
    program = folder / 'chaos'
    libraries = [str(build / f'lib{library}.a') for library in LIBRARIES]
    subprocess.run(flags + ['-I', str(ROOT / 'src'), str(mutated), str(ROOT / 'tests/mutants/chaos_runner.cpp'), '-o',
                            str(program)] + libraries +
                   ['-lpg_query', '-lsimdjson', '-lprotobuf-lite', '-lfmt', '-llz4', '-lpthread'], check=True)
    ran = subprocess.run([str(program), room, '1', str(seeds), str(nodes)], capture_output=True, text=True)
    if ran.returncode == 0:
        return None
    said = (ran.stdout + ran.stderr).strip().splitlines()
    return said[-1][:160] if said else f'ended with {ran.returncode}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=pathlib.Path, required=True, help='a build folder with compile_commands.json')
    parser.add_argument('--only', help='one mutant by name')
    parser.add_argument('--room', choices=ROOMS, help='only those of one room')
    parser.add_argument('--seeds', type=int, help='fewer, or more, than the room has')
    options = parser.parse_args()
    survivors = 0
    for room, (mutants, daily, most, nodes) in ROOMS.items():
        if options.room not in (None, room):
            continue
        names = list(mutants) if os.environ.get('DART_SOAK') else [daily]
        if options.only:
            names = [options.only] if options.only in mutants else []
        seeds = options.seeds or most
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                caught = check(room, name, options.build.resolve(), seeds, nodes, pathlib.Path(folder))
            print(f'{name}: caught: {caught}' if caught else f'{name}: SURVIVED {seeds} seeds', flush=True)
            survivors += caught is None
    return 1 if survivors else 0


if __name__ == '__main__':
    sys.exit(main())
