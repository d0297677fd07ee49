"""Files, tiles, bundles and the tree over them: chapters 1 to 3 and the order of belief of chapter 10."""
import errno
import hashlib
import itertools
import os
import stat

WIDTH = 256
TILE_MOST = WIDTH * 32
MIXED_MOST = 6
BUNDLE_MOST = WIDTH * (2 + 65535)


def leaf(entry):
    """Hash of an entry."""
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    """Hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Fold:
    """The root over a stream of complete subtrees."""

    def __init__(self):
        self.stack = []

    def push(self, value, size=1):
        """One more subtree of size leaves, not larger than those before it."""
        while self.stack and self.stack[-1][1] == size:
            value, size = node(self.stack.pop()[0], value), size * 2
        self.stack.append((value, size))

    def root(self):
        """The root of all that was pushed."""
        if not self.stack:
            return hashlib.sha256(b"").digest()
        top = self.stack[-1][0]
        for below, _ in reversed(self.stack[:-1]):
            top = node(below, top)
        return top


def root_of(hashes):
    """The root of a list."""
    fold = Fold()
    for one in hashes:
        fold.push(one)
    return fold.root()


def is_included(entry_leaf, index, size, proof, root):
    """2.1"""
    if index >= size:
        return False
    first, last, value = index, size - 1, entry_leaf
    for one in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            value = node(one, value)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            value = node(value, one)
        first, last = first >> 1, last >> 1
    return last == 0 and value == root


class Folder:
    """A folder whose files others may have made: no links, only plain files, never more than was asked for."""

    def __init__(self, path):
        self.top = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def read(self, name, most):
        """Bytes, at most one more than most; None when nothing is there; OSError for what is no plain file."""
        at, parts = os.dup(self.top), name.split("/")
        try:
            for part in parts[:-1]:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
                os.close(at)
                at = inner
            file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
        except FileNotFoundError:
            return None
        finally:
            os.close(at)
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, "no plain file")
            return opened.read(most + 1)


def tile_name(level, number, width=WIDTH):
    """The name of a tile or, with level "entries", of a bundle."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < WIDTH else "")


class Tiles:
    """Tiles and bundles of a log, by number; what can't be read is None and its reason is kept.

    The files are those of the size that checkpoint claims; they hold what earlier sizes need, too.
    """

    def __init__(self, folder, size):
        self.folder, self.size = folder, size
        self.why = {}

    def name(self, level, number):
        """The file that has this tile or bundle, and its width; 0 where the size has none."""
        count = self.size if level == "entries" else self.size >> 8 * level
        width = min(WIDTH, max(0, count - number * WIDTH))
        return tile_name(level, number, width), width

    def _read(self, level, number, most):
        name, width = self.name(level, number)
        try:
            data = self.folder.read(name, most) if width else None
            if data is None and 0 < width < WIDTH:
                return self.folder.read(tile_name(level, number), most), WIDTH
            return data, width
        except OSError:
            self.why[(level, number)] = "unreadable"
            return None, width

    def hashes(self, level, number, width):
        """The hashes of a tile, or None."""
        data, wide = self._read(level, number, TILE_MOST)
        if data is None:
            self.why.setdefault((level, number), "missing")
            return None
        if len(data) != wide * 32 or wide < width:
            self.why[(level, number)] = "unreadable"
            return None
        return [data[i:i + 32] for i in range(0, width * 32, 32)]

    def entries(self, number, width):
        """Whole entries of a bundle from its front, and what is wrong behind them: None, missing, unreadable."""
        data, wide = self._read("entries", number, BUNDLE_MOST)
        if data is None:
            return [], self.why.get(("entries", number), "missing")
        found, at = [], 0
        while at < len(data) and len(found) < width:
            end = at + 2 + int.from_bytes(data[at:at + 2], "big")
            if at + 2 > len(data) or end > len(data):
                return found, "unreadable"
            found.append(data[at + 2:end])
            at = end
        if len(found) < width:
            return found, "truncated"
        return found, None if at == len(data) or wide > width else "unreadable"  # of more, only the front is judged

    def derived(self, level, number, width, depth):
        """What a tile must be by the tiles of level depth below it, or by the entries (depth -1); None if one lacks."""
        if level == 0:
            found, fault = self.entries(number, width)
            return None if len(found) < width and fault else [leaf(one) for one in found]
        made = []
        for inner in range(number * WIDTH, number * WIDTH + width):
            below = (self.hashes(level - 1, inner, WIDTH) if depth == level - 1
                     else self.derived(level - 1, inner, WIDTH, depth))
            if below is None:
                return None
            made.append(root_of(below))
        return made

    def readings(self, level, number, width):
        """The file first, then what each level below it and at last the entries make of it, then mixtures."""
        file, made = self.hashes(level, number, width), []
        yield file
        for depth in range(level - 1, -2, -1):
            made.append(self.derived(level, number, width, depth))
            yield made[-1]
        for one in made:
            yield from mixtures(file, one)


def mixtures(first, second):
    """Lists that have some hashes of one and some of the other, where few differ."""
    apart = [i for i, pair in enumerate(zip(first or (), second or ())) if pair[0] != pair[1]]
    for chosen in range(1, 2 ** len(apart) - 1 if len(apart) <= MIXED_MOST else 0):
        mixed = list(first)
        for bit, i in enumerate(apart):
            if chosen >> bit & 1:
                mixed[i] = second[i]
        yield mixed


def edge(size):
    """The partial tiles of a size, the highest first: (level, number, width)."""
    found = []
    for level in range(8):
        count = size >> 8 * level
        if count % WIDTH:
            found.insert(0, (level, count // WIDTH, count % WIDTH))
    return found


def believed_edge(tiles, size, root):
    """Hashes of the partial tiles that give the root, from files or from what is below them; None if nothing does."""
    partial = edge(size)

    def fits(choice):
        fold = Fold()
        for (level, _, _), hashes in zip(partial, choice):
            for one in hashes:
                fold.push(one, 1 << 8 * level)
        return fold.root() == root

    files = [tiles.hashes(*which) for which in partial]
    if None not in files and fits(files):
        return list(zip(partial, files))
    readings = []
    for which in partial:
        different = []
        for one in tiles.readings(*which):
            if one is not None and one not in different:
                different.append(one)
        readings.append(different)
    for choice in itertools.product(*readings):
        if fits(choice):
            return list(zip(partial, choice))
    return None


def believed_tile(tiles, level, number, expected):
    """Hashes of a full tile that give the hash above it, or None."""
    for one in tiles.readings(level, number, WIDTH):
        if one is not None and root_of(one) == expected:
            return one
    return None


def believed_leaf(tiles, believed, index):
    """The hash of one leaf under a believed edge, or None."""
    for (level, number, _), hashes in believed:
        if index >> 8 * level < number * WIDTH + len(hashes):
            break
    while level:
        expected = hashes[(index >> 8 * level) % WIDTH]
        level -= 1
        hashes = believed_tile(tiles, level, index >> 8 * (level + 1), expected)
        if hashes is None:
            return None
    return hashes[index % WIDTH]


class Walk:
    """Every tile and bundle of a size, from the root down, in the order of entries; below pruned, bundles may be missing."""

    def __init__(self, tiles, size, wanted, each, pruned=0):
        self.tiles, self.size, self.each, self.pruned, self.gone = tiles, size, each, pruned, 0
        self.wanted, self.roots, self.fold, self.count = set(wanted), {}, Fold(), 0
        self.faults = []
        if 0 in self.wanted:
            self.roots[0] = self.fold.root()

    def fault(self, kind, index, name, words=""):
        """One thing that is wrong; the first of them counts."""
        self.faults.append({"kind": kind, "index": index, "file": name, "words": words})

    def run(self, root):
        """Compares everything with the root."""
        believed = believed_edge(self.tiles, self.size, root)
        if believed is None:
            self._forked()
            return
        for (level, number, width), hashes in believed:
            self._compare(level, number, width, hashes)
            self._below(level, number, hashes)

    def _forked(self):
        """Nothing gives the root: tiles are laid beside the entries as they are, which may show where it begins."""
        for number in range(-(-self.size // WIDTH)):
            width = min(WIDTH, self.size - number * WIDTH)
            hashes = self.tiles.hashes(0, number, width)
            if hashes is None:
                self.fault(self.tiles.why[(0, number)], number * WIDTH, tile_name(0, number, width))
            self._bundle(number, width, hashes)
            if self.faults:
                return
        self.fault("forked", None, "checkpoint", "this is another history than the one that was signed")

    def _compare(self, level, number, width, hashes):
        """The tile's own file beside what is believed."""
        name, file = tile_name(level, number, width), self.tiles.hashes(level, number, width)
        start = number << 8 * (level + 1)
        if file is None:
            self.fault(self.tiles.why[(level, number)], start, name)
        elif file != hashes:
            bad = next(i for i in range(width) if file[i] != hashes[i])
            self.fault("damaged", start + (bad << 8 * level), name)

    def _below(self, level, number, hashes):
        if level == 0:
            self._bundle(number, len(hashes), hashes)
            return
        for i, expected in enumerate(hashes):
            inner = number * WIDTH + i
            if self.faults and self.faults[0]["index"] is not None and self._start() > self.faults[0]["index"]:
                return
            believed = believed_tile(self.tiles, level - 1, inner, expected)
            if believed is None:
                self._lost(level - 1, inner)
                return
            self._compare(level - 1, inner, WIDTH, believed)
            self._below(level - 1, inner, believed)

    def _start(self):
        return self.count

    def _lost(self, level, number):
        """Neither a tile nor what is below it gives the hash above."""
        self.fault("damaged", number << 8 * (level + 1), tile_name(level, number), "and so are entries below it")

    def _bundle(self, number, width, hashes):
        """The entries beside their hashes; goes on only while all is well, since the first fault counts."""
        name, start = tile_name("entries", number, width), number * WIDTH
        found, fault = self.tiles.entries(number, width)
        if fault == "missing" and hashes is not None and width == WIDTH and start + WIDTH <= self.pruned:
            self.gone += WIDTH
            for i, one in enumerate(hashes):
                self._take(start + i, one, None)
            return
        made = [leaf(one) for one in found]
        for i, one in enumerate(made):
            if hashes is not None and one != hashes[i]:
                self.fault(self._kind(made, hashes, i), start + i, name)
                return
            self._take(start + i, one, found[i])
        if len(found) < width and fault == "missing" and start + width == self.size:
            fault = "truncated"
        if fault:
            self.fault(fault, start + len(found), name)

    @staticmethod
    def _kind(made, hashes, i):
        """What happened from index i on."""
        if sorted(made) == sorted(hashes):
            return "reordered"
        if made[i + 1:i + 2] == hashes[i + 1:i + 2]:
            return "rewritten"
        if made[i] in hashes[i + 1:]:
            return "dropped"
        if hashes[i] in made[i + 1:]:
            return "inserted"
        return "rewritten"

    def _take(self, index, value, entry):
        if index == self.count:
            self.count += 1
            self.fold.push(value)
            if self.count in self.wanted:
                self.roots[self.count] = self.fold.root()
            if entry is not None:
                self.each(index, entry)
