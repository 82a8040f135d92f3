extension RolloutPolicy {
    private static let wavesExpected =
        "a list of labels, and of growing shares or numbers of devices, such as [{labels: {site: lab}}, 10%, 100%]"

    /// Decodes `waves:`; what cannot be read is complained of and left out.
    mutating func takeWaves(_ reader: MappingReader, complaints: inout ComplaintList) {
        guard let node = reader.node("waves"), !node.isNull else { return }
        guard case .sequence(let elements) = node.content else {
            complaints.add(
                Complaint(
                    .error, at: reader.place(of: "waves"), path: reader.path(to: "waves"), found: node.summary,
                    expected: Self.wavesExpected))
            return
        }
        var last: Amount?
        for (index, element) in elements.enumerated() {
            let path = reader.path(to: "waves").appending(element: index)
            if case .mapping = element.content {
                takeLabels(element, file: reader.file, path: path, complaints: &complaints)
            } else if let amount = element.scalar.flatMap({ Amount($0) }), last.map({ amount.isMore(than: $0) }) ?? true
            {
                waves.append(.upTo(amount))
                last = amount
            } else {
                complaints.add(
                    Complaint(
                        .error, at: SourcePlace(file: reader.file, mark: element.mark), path: path,
                        found: element.summary, expected: Self.wavesExpected))
            }
        }
    }

    private mutating func takeLabels(
        _ node: YAMLNode, file: String, path: ValuePath, complaints: inout ComplaintList
    ) {
        guard let reader = MappingReader(node, file: file, path: path, known: ["labels"], complaints: &complaints),
            reader.keys.allSatisfy({ $0 == "labels" })
        else { return }
        let expected = "the labels of the devices that go first, such as {site: lab}"
        let errorsBefore = complaints.errorCount
        let labels = ManifestDocument.labels(reader, complaints: &complaints)
        guard complaints.errorCount == errorsBefore else { return }
        guard !labels.isEmpty else { return reader.missing("labels", expected: expected, complaints: &complaints) }
        let place = SourcePlace(file: file, mark: node.mark)
        if let first = labelPlaces.places[labels] {
            complaints.add(
                Complaint(
                    .error, at: place, path: path, found: "the labels \(labels.labelText) a second time",
                    expected: "other labels in each wave", related: first))
            return
        }
        labelPlaces.places[labels] = place
        waves.append(.labels(labels))
    }
}

extension RolloutPolicy.Amount {
    /// Shares and numbers cannot be compared before the size of the change is known.
    fileprivate func isMore(than other: Self) -> Bool {
        switch (self, other) {
        case (.percent(let a), .percent(let b)): a > b
        case (.devices(let a), .devices(let b)): a > b
        default: true
        }
    }
}
