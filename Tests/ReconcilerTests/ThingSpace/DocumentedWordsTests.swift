import Testing

@testable import Reconciler

@Suite("Documented words")
struct DocumentedWordsTests {
    @Test("words are folded: letter case, spaces, dashes, underscores and line breaks do not count")
    func folding() {
        for word in ["DOWNLOAD_ENABLE", "download enable", "Download-Enable", "DOWNLOAD_\nENABLE"] {
            #expect(DocumentedWords.profileStatuses[word] == .downloadedEnabled)
        }
    }

    @Test(
        "what is near to a documented profile status is none",
        arguments: [
            "ENABLED", "DISABLED", "DELETED", "UPDATING", "ERROR", "DOWNLOAD_FAILED", "DOWNLOADED", "", "ENABLE ",
        ])
    func undocumented(word: String) {
        #expect((DocumentedWords.profileStatuses[word] == nil) == (word != "ENABLE "))
        #expect(ProfileState(profileStatus: word) == (word == "ENABLE " ? .downloadedEnabled : .unknown))
    }

    @Test("only an active line, or one of which nothing is said, can be changed")
    func serviceStates() {
        let changeable = DocumentedWords.serviceStates.words.filter { ServiceState(carrierWord: $0).allowsChange }
        #expect(changeable == ["ACTIVE", "ACTIVATED", "UNKNOWN"])
        #expect(DocumentedWords.serviceStates.words.count == 15)
        #expect(!ServiceState.refusedAsInactive.allowsChange)
    }

    @Test("a service state is read back from the store as it was written")
    func storedServiceStates() {
        let all = DocumentedWords.serviceStates.words.map { ServiceState(carrierWord: $0) }
        for state in all + [.notOnAccount, .suspended, .refusedAsInactive, .other("AZ")] {
            #expect(ServiceState(storedWord: state.word) == state)
        }
    }

    @Test(
        "a member that is null, empty or zero holds no code",
        arguments: [
            ("null", nil), ("\"\"", nil), ("\" \"", nil), ("0", nil), ("\"0\"", nil), ("0.0", nil), ("\"000\"", nil),
            ("false", nil), ("{}", nil), ("\"1\"", "1"), ("401", "401"), ("\"8.1,5.1\"", "8.1,5.1"),
        ] as [(String, String?)])
    func codes(json: String, code: String?) throws {
        #expect(try JSONValue(json: Array("{\"a\":\(json)}".utf8))["a"]?.errorCode == code)
    }

    @Test(
        "a word of the wrong kind is a word that nobody documents, and null or an empty text none",
        arguments: [
            ("null", nil), ("\"\"", nil), ("\" \"", nil), ("\"a\"", "a"), ("7", "7"), ("true", "true"),
            ("{\"b\":1}", "{\"b\":1}"), ("[]", "[]"),
        ] as [(String, String?)])
    func words(json: String, word: String?) throws {
        #expect(try JSONValue(json: Array("{\"a\":\(json)}".utf8))["a"]?.word == word)
    }
}
