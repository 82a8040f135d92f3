/// The value of a selector: a text in which `*` stands for any run of characters and `?` for any one of them.
///
/// A backslash takes the meaning from the character behind it.
struct SelectorPattern: Hashable, Sendable {
    private enum Element: Hashable, Sendable {
        case byte(UInt8)
        case anyCharacter
        case anyRun
    }

    private let elements: [Element]

    /// - Parameter text: as it was typed, with its backslashes.
    init(_ text: some StringProtocol) {
        var elements: [Element] = []
        var isEscaped = false
        for byte in text.utf8 {
            switch (byte, isEscaped) {
            case (UInt8(ascii: "\\"), false):
                isEscaped = true
                continue
            case (UInt8(ascii: "*"), false): elements.append(.anyRun)
            case (UInt8(ascii: "?"), false): elements.append(.anyCharacter)
            default: elements.append(.byte(byte))
            }
            isEscaped = false
        }
        if isEscaped { elements.append(.byte(UInt8(ascii: "\\"))) }
        self.elements = elements
    }

    /// The only text that it stands for; `nil` if it stands for several.
    var exact: String? {
        var bytes: [UInt8] = []
        for element in elements {
            guard case .byte(let byte) = element else { return nil }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    var isEmpty: Bool { elements.isEmpty }

    /// Whether it can stand for a number: digits, and the signs for any.
    var isOfDigits: Bool {
        elements.allSatisfy { element in
            if case .byte(let byte) = element { return 0x30...0x39 ~= byte }
            return true
        }
    }

    func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches($0) }
    }

    /// Whether it stands for a text in UTF-8. The time grows with the product of both lengths at worst.
    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var position = 0
        var element = 0
        /// Behind the last `*`, and how far its run goes as yet.
        var retry: (element: Int, position: Int)?
        while position < text.count {
            if element < elements.count {
                switch elements[element] {
                case .anyRun:
                    element += 1
                    retry = (element, position)
                    continue
                case .anyCharacter:
                    position = Self.nextCharacter(in: text, after: position)
                    element += 1
                    continue
                case .byte(text[position]):
                    position += 1
                    element += 1
                    continue
                case .byte:
                    break
                }
            }
            guard let last = retry else { return false }
            position = Self.nextCharacter(in: text, after: last.position)
            element = last.element
            retry = (element, position)
        }
        return elements[element...].allSatisfy { $0 == .anyRun }
    }

    private static func nextCharacter(in text: UnsafeBufferPointer<UInt8>, after position: Int) -> Int {
        var next = position + 1
        // Bytes that go on with a character.
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
