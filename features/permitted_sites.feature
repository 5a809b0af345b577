@permitted_sites
Feature: Permitted sites learn who is calling
  The policy names the sites that may learn a subscriber's number: for billing, for age checks and
  for the partners' offers. They have it from the network, and must be able to rely on it.

  Rule: A permitted site gets the number of the subscriber who asked, once, and nothing more

    Scenario Outline: A site of the category <category> learns the number of each visitor
      Given subscribers who have agreed that permitted sites may know their numbers
      When they visit the sites of the category <category>
      Then each site has received its visitor's own number, once, and nothing more

      Examples: The categories of the policy
        | category |
        | premium  |
        | adult    |
        | partner  |

    @other_categories
    Example: A site of any further category learns the number of each visitor
      Given subscribers who have agreed that permitted sites may know their numbers
      When they visit the sites of every further category
      Then each site has received its visitor's own number, once, and nothing more

    Example: A subscriber who poses as another is not taken for the other
      Given subscribers who have agreed that permitted sites may know their numbers
      When they claim to be at another subscriber's address
      Then each site has received its visitor's own number, once, and nothing more
