Feature: Numbers that a handset makes up
  A site that bills by the number must know that the network put it there.

  Rule: A number comes from the network or not at all

    Example: A forged number reaches no site
      Given subscribers who have agreed that permitted sites may know their numbers
      When they send numbers that they have made up
      Then no site has received a number that a handset made up

    Example: A handset that nobody holds cannot make itself a number
      Given handsets that belong to no subscriber
      When they send numbers that they have made up
      Then no site has received a number that a handset made up
