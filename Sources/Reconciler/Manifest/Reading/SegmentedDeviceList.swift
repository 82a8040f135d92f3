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
        let anchors = composer.anchors
        let first = Handover(part: part(composer, number: 0, list: DeclaredDevices(file: file, form: .list)))
        let parts = await ReadAhead.over(cuts.count, ahead: readAhead) { cut in
            Handover(part: read(part(at: cut + 1, anchors: anchors), from: nil))
        } take: { parts in
            var chain = [read(first.part, from: event)]
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

    /// A part that begins at a cut, behind a line that stands for the document's beginning.
    private func part(at number: Int, anchors: [String: YAMLNode]) -> Part {
        let prefix = Array(repeating: UInt8(ascii: " "), count: keyColumn) + Array("devices:\n".utf8)
        let reader = YAMLEventReader(
            text, prefix: prefix, start: cuts[number - 1], stops: Array(cuts[number...]))
        return part(
            YAMLComposer(reader, limits: limits, anchors: anchors), number: number,
            list: DeclaredDevices(file: file, form: .list))
    }

    private func read(_ begun: Part, from event: YAMLEvent?) -> Part {
        var part = begun
        do {
            if event == nil {
                // The beginnings of stream, document and mapping, the key, the beginning of the list.
                for _ in 0..<5 { _ = try part.composer.next() }
            }
            var reader = DeviceListReader(file: file)
            part.end = .success(
                try reader.read(
                    &part.composer, from: event, entryColumn: dashColumn + 2, into: &part.list,
                    complaints: &part.complaints))
        } catch {
            part.end = .failure(error)
        }
        part.list.sort()
        return part
    }

    /// Sets a part behind the one before it; reads it again if what aliases stand for had to be known first.
    private func joined(_ part: Part, behind last: Part) -> Part {
        let linesBefore = last.composer.mark.line + last.list.linesBefore - 1
        let entriesBefore = last.list.entriesBefore + last.list.entryCount
        var part = part
        let hasComplaints = part.complaints.errorCount + part.complaints.warningCount > 0
        var isFailure = false
        if case .failure = part.end { isFailure = true }
        if part.composer.hasMetAlias, last.composer.hasMetAnchor || hasComplaints || isFailure {
            let again = self.part(at: part.number, anchors: last.composer.anchors)
            // Lines are counted in full now: a complaint may be about what an alias stands for.
            again.composer.reader.lineOffset = linesBefore
            part = read(again, from: nil)
        } else {
            part.list.linesBefore = linesBefore
        }
        part.list.entriesBefore = entriesBefore
        part.composer.adoptAnchors(of: last.composer)
        return part
    }
}
