/// Reads entries of `devices`, one after the other, into packed rows.
struct DeviceListReader {
    /// Where a reading ended.
    enum End {
        /// The list is over.
        case listEnded
        /// The next entry begins at one of the stops; its event was read.
        case reachedStop(number: Int)
    }

    private let file: String
    private var tape = YAMLTape()
    private var decoder = DeviceEntryDecoder()

    init(file: String) {
        self.file = file
    }

    /// Reads up to the end of the list, or to an entry that begins at a stop of the composer's reader.
    ///
    /// - Parameters:
    ///   - event: the first event of the first entry, if it was read already.
    ///   - entryColumn: how many characters stand before an entry on its first line.
    mutating func read(
        _ composer: inout YAMLComposer, from event: YAMLEvent?, entryColumn: Int = 0,
        into list: inout DeclaredDevices, complaints: inout ComplaintList
    ) throws(YAMLRefusal) -> End {
        var event = event
        if event == nil { event = try composer.next() }
        while let current = event {
            if current.beginsNode, let stop = composer.reader.stop(atEntryColumn: entryColumn) {
                return .reachedStop(number: stop)
            }
            guard try read(current, &composer, into: &list, complaints: &complaints) else { return .listEnded }
            event = try composer.next()
        }
        return .listEnded
    }

    /// - Returns: `false` if the event ends the list.
    private mutating func read(
        _ event: YAMLEvent, _ composer: inout YAMLComposer, into list: inout DeclaredDevices,
        complaints: inout ComplaintList
    ) throws(YAMLRefusal) -> Bool {
        guard try composer.record(event, depth: 2, on: &tape) else { return false }
        try takeTape(&composer, into: &list, complaints: &complaints)
        return true
    }

    /// Reads plain entries without libyaml, up to one that is not plain or begins at `end`.
    mutating func readPlain(
        _ scanner: inout PlainEntryScanner, upTo end: Int, _ composer: inout YAMLComposer,
        into list: inout DeclaredDevices, complaints: inout ComplaintList
    ) throws(YAMLRefusal) {
        while scanner.position < end, scanner.scan(onto: &tape) {
            try takeTape(&composer, into: &list, complaints: &complaints)
        }
    }

    private mutating func takeTape(
        _ composer: inout YAMLComposer, into list: inout DeclaredDevices, complaints: inout ComplaintList
    ) throws(YAMLRefusal) {
        list.entryCount += 1
        if !decoder.decode(tape, number: list.entryCount - 1, into: &list, complaints: &complaints),
            let node = try composer.compose(tape)
        {
            take(node, &composer, into: &list, complaints: &complaints)
        }
    }

    /// Takes the entries of a list that is there as a node.
    func take(
        _ elements: [YAMLNode], _ composer: inout YAMLComposer, into list: inout DeclaredDevices,
        complaints: inout ComplaintList
    ) {
        for element in elements {
            list.entryCount += 1
            take(element, &composer, into: &list, complaints: &complaints)
        }
    }

    private func take(
        _ node: YAMLNode, _ composer: inout YAMLComposer, into list: inout DeclaredDevices,
        complaints: inout ComplaintList
    ) {
        for duplicate in composer.takeDuplicateKeys() { complaints.add(duplicate, in: file) }
        let path = list.form.path(list.entryCount - 1)
        guard let draft = ManifestDocument.device(node, file: file, path: path, complaints: &complaints) else {
            return
        }
        list.add(draft, complaints: &complaints)
    }
}

extension ComplaintList {
    mutating func add(_ duplicate: YAMLComposer.DuplicateKey, in file: String) {
        add(
            Complaint(
                .error, .repetition, at: SourcePlace(file: file, mark: duplicate.mark),
                found: "the key `\(duplicate.key.excerpt(limit: 60))` twice", expected: "each key once",
                related: SourcePlace(file: file, mark: duplicate.first)))
    }
}
