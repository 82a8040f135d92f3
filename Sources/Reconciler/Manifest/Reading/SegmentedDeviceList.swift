/// Reads a long list of devices in parts at the same time, and gives what reading it in one go would give.
///
/// Each part is read as if an entry of the list began where it begins. That holds if the part before it arrives at
/// an entry at just that place; a part that nobody arrives at is thrown away, and the one before it reads on.
struct SegmentedDeviceList {
    let text: ManifestText
    let file: String
    let limits: ManifestLimits
    /// How many parts are read ahead of the one that is awaited.
    let readAhead: Int
    /// Where the list may be cut, in bytes.
    let cuts: [Int]
    /// How many characters stand before the keys of the document, and before the dash of an entry.
    let keyColumn: Int
    let dashColumn: Int
    let strictness: ComplaintList

    /// What one reader has read of the list.
    struct Part {
        var composer: YAMLComposer
        var list: DeclaredDevices
        var complaints: ComplaintList
        var end: Result<DeviceListReader.End, YAMLRefusal>
        /// The line on which it ended, counted as its lines are.
        var endLine = 1
        /// The number of the part's first cut; 0 is the part that the list begins with.
        let number: Int
    }

    /// A part on its way from the task that has read it to the one that goes on with it.
    ///
    /// Unchecked, because a composer holds libyaml's parser; the task that made it has ended when it is used.
    private struct Handover: @unchecked Sendable {
        let part: Part
    }

    /// Reads the list to its end.
    ///
    /// - Parameters:
    ///   - composer: stands on the first event of the first entry; afterwards on the end of the list, its lines
    ///     counted from the beginning of the text.
    ///   - event: that event.
    func read(
        _ composer: inout YAMLComposer, from event: YAMLEvent, complaints: inout ComplaintList
    ) async throws(YAMLRefusal) -> [DeclaredDevices] {
        composer.reader.watch(for: cuts)
        composer.forgetMetAnchors()
        let anchors = composer.anchors
        let first = Handover(part: part(composer, number: 0, list: DeclaredDevices(file: file, form: .list)))
        let parts = await ReadAhead.over(cuts.count, ahead: readAhead) { cut in
            Handover(part: read(part(at: cut + 1, anchors: anchors), firstLine: 1))
        } take: { parts in
            var chain = [readBeginning(first.part, from: event)]
            while let last = chain.last, case .success(.reachedStop(let stop)) = last.end,
                let next = await parts.take(last.number + stop)
            {
                chain.append(joined(next.part, behind: last))
            }
            return chain.map(Handover.init)
        }
        for part in parts.map(\.part) {
            complaints.add(part.complaints, behindLines: part.list.linesBefore, devices: part.list.entriesBefore)
        }
        guard let last = parts.last?.part else { return [] }
        composer = last.composer
        composer.reader.lineOffset += last.list.linesBefore
        if case .failure(let refusal) = last.end { throw refusal.movedBehind(lines: last.list.linesBefore) }
        return parts.map(\.part.list)
    }

    private func part(_ composer: YAMLComposer, number: Int, list: DeclaredDevices) -> Part {
        Part(
            composer: composer, list: list, complaints: strictness.emptied, end: .success(.listEnded), number: number)
    }

    /// A part that begins at a cut.
    private func part(at number: Int, anchors: [String: YAMLNode]) -> Part {
        part(
            YAMLComposer(reader(from: cuts[number - 1], stops: []), limits: limits, anchors: anchors), number: number,
            list: DeclaredDevices(file: file, form: .list))
    }

    /// A reader whose first entry begins at `start`, behind a line that stands for the document's beginning.
    private func reader(from start: Int, stops: [Int]) -> YAMLEventReader {
        let prefix = Array(repeating: UInt8(ascii: " "), count: keyColumn) + Array("devices:\n".utf8)
        return YAMLEventReader(text, prefix: prefix, start: start, stops: stops)
    }

    private func readBeginning(_ begun: Part, from event: YAMLEvent) -> Part {
        var part = begun
        var reader = DeviceListReader(file: file)
        part.end = Result { () throws(YAMLRefusal) in
            try reader.read(
                &part.composer, from: event, entryColumn: dashColumn + 2, into: &part.list,
                complaints: &part.complaints)
        }
        part.endLine = part.composer.mark.line
        part.list.sort()
        return part
    }

    /// Reads a part from its cut on: plain entries without libyaml, stretches with other ones through it.
    private func read(_ begun: Part, firstLine: Int) -> Part {
        var part = begun
        var scanner = PlainEntryScanner(
            text, dashColumn: dashColumn, position: cuts[part.number - 1], line: firstLine)
        var reader = DeviceListReader(file: file)
        part.end = Result { () throws(YAMLRefusal) in
            // What nobody waits for any more is given up.
            while !Task.isCancelled {
                if let end = try readStretch(&part, &reader, &scanner) { return end }
            }
            return .listEnded
        }
        part.list.sort()
        return part
    }

    /// - Returns: `nil` if the scanner is to go on.
    private func readStretch(
        _ part: inout Part, _ reader: inout DeviceListReader, _ scanner: inout PlainEntryScanner
    ) throws(YAMLRefusal) -> DeviceListReader.End? {
        let later = cuts[part.number...]
        try reader.readPlain(
            &scanner, upTo: later.first ?? text.size, &part.composer, into: &part.list, complaints: &part.complaints)
        part.endLine = scanner.line
        if scanner.position == later.first { return .reachedStop(number: 0) }
        let resumption = DeviceListCuts(text: text, dashColumn: dashColumn, partSize: limits.partSize)
            .entry(behind: scanner.position + limits.libyamlStretch)
            .flatMap { $0 < later.first ?? .max ? $0 : nil }
        part.composer.read(
            on: self.reader(from: scanner.position, stops: resumption.map { [$0] + later } ?? Array(later)))
        part.composer.reader.lineOffset = scanner.line - 1
        defer { part.endLine = part.composer.mark.line }
        // The beginnings of stream, document and mapping, the key, the beginning of the list.
        for _ in 0..<5 { _ = try part.composer.next() }
        let end = try reader.read(
            &part.composer, from: nil, entryColumn: dashColumn + 2, into: &part.list, complaints: &part.complaints)
        guard let resumption, case .reachedStop(let stop) = end else { return end }
        guard stop == 0 else { return .reachedStop(number: stop - 1) }
        scanner.move(to: resumption, line: part.composer.mark.line)
        return nil
    }

    /// Sets a part behind the one before it; reads it again if what aliases stand for had to be known first.
    private func joined(_ part: Part, behind last: Part) -> Part {
        let linesBefore = last.endLine + last.list.linesBefore - 1
        let entriesBefore = last.list.entriesBefore + last.list.entryCount
        var part = part
        let hasComplaints = part.complaints.errorCount + part.complaints.warningCount > 0
        var isFailure = false
        if case .failure = part.end { isFailure = true }
        if part.composer.hasMetAlias, last.composer.hasMetAnchor || hasComplaints || isFailure {
            // Lines are counted in full now: a complaint may be about what an alias stands for.
            part = read(self.part(at: part.number, anchors: last.composer.anchors), firstLine: linesBefore + 1)
        } else {
            part.list.linesBefore = linesBefore
        }
        part.list.entriesBefore = entriesBefore
        part.composer.adoptAnchors(of: last.composer)
        return part
    }
}
